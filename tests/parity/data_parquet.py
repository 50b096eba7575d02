"""Small Parquet files as pyarrow writes them, one for each codec and encoding -> ../fixtures/data/*.parquet."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = [
    {"messages": [{"role": "user", "content": f"Wie viel ist {i} + 1?"}, {"role": "assistant", "content": str(i + 1)}], "id": i}
    for i in range(5)
]

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
    for name, options in KINDS.items():
        pq.write_table(pa.Table.from_pylist(PLAIN), folder / f"{name}.parquet", row_group_size=8, store_schema=False, **options)
