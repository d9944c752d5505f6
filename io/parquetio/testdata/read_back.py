# Reads a file that Writer made with pyarrow, which checks the checksums of pages, and with DuckDB, and compares all values and what the metadata
# say of them with JSON that the test made: python3 read_back.py FILE.parquet FILE.json
import json
import math
import sys

import duckdb
import pyarrow.parquet as pq


def plain(x):
    if isinstance(x, list):
        return [plain(e) for e in x]
    if isinstance(x, bytes):
        return x.hex()
    if isinstance(x, float) and math.isnan(x):
        return "NaN"
    return x


path, wanted = sys.argv[1], json.load(open(sys.argv[2]))
table = pq.read_table(path, page_checksum_verification=True)
rows = duckdb.sql(f"SELECT * FROM '{path}'").fetchall()
for i, name in enumerate(table.column_names):
    want = wanted[name]
    for reader, got in {"pyarrow": [plain(x) for x in table.column(name).to_pylist()], "duckdb": [plain(r[i]) for r in rows]}.items():
        for row, (g, w) in enumerate(zip(got, want, strict=True)):
            if g != w:
                sys.exit(f"{reader}: column {name}, row {row}: {g!r}, not {w!r}")

# What is said of a column chunk holds for its values.
file, at = pq.ParquetFile(path), 0
dictionaries = set()
for g in range(file.num_row_groups):
    group = file.metadata.row_group(g)
    for i, name in enumerate(table.column_names):
        said = group.column(i)
        if said.has_dictionary_page:
            dictionaries.add(name)
        if not said.statistics.has_min_max:
            continue
        there = [x for x in wanted[name][at : at + group.num_rows] if x is not None and x != "NaN"]
        if (said.statistics.min, said.statistics.max) != (min(there), max(there)) or said.statistics.null_count != wanted[name][at : at + group.num_rows].count(None):
            sys.exit(f"statistics of column {name}, row group {g}: {said.statistics}, values from {min(there)!r} to {max(there)!r}")
    at += group.num_rows
for where in ("few = 'w3'", "number < 30", "turns = 'value 9999'"):  # answered from statistics and dictionaries
    column = where.split()[0]
    n = duckdb.sql(f"SELECT count(*) FROM '{path}' WHERE {where}").fetchall()[0][0]
    want = sum(eval(where.replace("=", "==").replace(column, "x")) for x in wanted[column] if x is not None)
    if n != want:
        sys.exit(f"duckdb: {n} rows where {where}, not {want}")
print(*sorted(dictionaries))
