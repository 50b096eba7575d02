"""Small Parquet files as pyarrow writes them, one for each codec and encoding, one of all types -> ../fixtures/data/*.parquet."""

import datetime
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = [
    {"messages": [{"role": "user", "content": f"Wie viel ist {i} + 1?"}, {"role": "assistant", "content": str(i + 1)}], "id": i}
    for i in range(5)
]

CALL = {"type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}

# A column of each type that data sets have; of a struct's fields, those that a row lacks are null.
TYPES = pa.table(
    {
        "text": ["a"],
        "large": pa.array(["b"], pa.large_string()),
        "dictionary": pa.array(["c"]).dictionary_encode(),
        "int": pa.array([7], pa.int64()),
        "huge": pa.array([2**62 + 1], pa.int64()),
        "float": [0.5],
        "decimal": pa.array([decimal.Decimal("1.25")]),
        "bool": [True],
        "date": [datetime.date(2024, 2, 29)],
        "time": [datetime.datetime(2024, 2, 29, 12)],
        "bytes": [b"\xff\xd8"],
        "none": pa.array([None], pa.string()),
        "history": [[["q", "r"]]],
        "images": [[{"bytes": b"\xff\xd8", "path": None}]],
        "empty": pa.array([[]], pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))),
        "messages": [
            [
                {"role": "user", "content": "a", "tool_calls": None},
                {"role": "assistant", "content": "b", "tool_calls": [CALL]},
                {"role": "tool", "content": "1", "tool_calls": []},
                {"role": "assistant", "content": "c", "tool_calls": None},
            ]
        ],
    }
)

PLAIN = [{"instruction": f"How much is {i} + 1?", "output": str(i + 1), "score": i / 2, "good": i % 2 == 0} for i in range(20)]

KINDS = {
    "snappy": dict(compression="snappy"),
    "gzip-v2": dict(compression="gzip", data_page_version="2.0"),
    "brotli": dict(compression="brotli", use_dictionary=False),
    "lz4": dict(compression="lz4"),
    "none-delta": dict(compression="none", use_dictionary=False, column_encoding={"output": "DELTA_BYTE_ARRAY"}),
}

if __name__ == "__main__":
    folder = Path(__file__).parent.parent / "fixtures" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "chat.parquet", compression="zstd", row_group_size=2)
    pq.write_table(TYPES, folder / "kinds.parquet", compression="zstd")
    for name, options in KINDS.items():
        pq.write_table(pa.Table.from_pylist(PLAIN), folder / f"{name}.parquet", row_group_size=8, store_schema=False, **options)
