"""A small Parquet file as pyarrow writes it -> ../fixtures/data/chat.parquet."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = [
    {"messages": [{"role": "user", "content": f"Wie viel ist {i} + 1?"}, {"role": "assistant", "content": str(i + 1)}], "id": i}
    for i in range(5)
]

if __name__ == "__main__":
    folder = Path(__file__).parent.parent / "fixtures" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "chat.parquet", compression="zstd", row_group_size=2)
