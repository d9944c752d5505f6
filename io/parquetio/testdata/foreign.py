# Makes foreign.parquet, a file as other programs write them: python3 foreign.py (needs pyarrow).
import datetime
import decimal

import pyarrow as pa
import pyarrow.parquet as pq

columns = {
    "naive": pa.array([datetime.datetime(2024, 2, 29, 23, 59, 59, 123000), None], pa.timestamp("ms")),
    "utc": pa.array([datetime.datetime(1969, 12, 31, 0, 0, 0), None], pa.timestamp("us", "UTC")),
    "nano": pa.array([1700000000123456789, None], pa.timestamp("ns")),
    "word": pa.array(["b", None], pa.string()).dictionary_encode(),
    "large": pa.array(["x", ""], pa.large_string()),
    "pair": pa.array([[1, 2], [3, 4]], pa.list_(pa.float32(), 2)),
    "unsigned": pa.array([18446744073709551615, 0], pa.uint64()),
    "half": pa.array([0.5, None], pa.float16()),
    "dec": pa.array([decimal.Decimal("-1.50"), None], pa.decimal256(50, 2)),
    "matrix": pa.array([[[1, 2], [3, None]], []], pa.list_(pa.list_(pa.int16()))),
    "nothing": pa.nulls(2),
    "day": pa.array([datetime.date(2024, 2, 29), None], pa.date32()),
    "clock": pa.array([datetime.time(23, 59, 59, 500), None], pa.time64("us")),
    "id": pa.array([b"\x00\x01", None], pa.binary(2)),
}
pq.write_table(pa.table(columns), "foreign.parquet", compression="zstd", data_page_version="2.0", write_statistics=True)

# summed.parquet has checksums of its pages: with and without a dictionary, NULLs, lists, several pages.
summed = {
    "i": pa.array(range(400), pa.int64()),
    "f": pa.array([x / 7 if x % 5 else None for x in range(400)], pa.float64()),
    "s": pa.array([f"text {x}" for x in range(400)]),
    "few": pa.array(["abc"[x % 3] for x in range(400)]),
    "l": pa.array([[x, x + 1] if x % 9 else None for x in range(400)], pa.list_(pa.int32())),
}
pq.write_table(pa.table(summed), "summed.parquet", compression="snappy", write_page_checksum=True, use_dictionary=["few"],
               data_page_size=1024, write_batch_size=64, store_schema=False, write_statistics=False)

# delta1.parquet and delta2.parquet have the encodings that write differences, compressed and not, in pages of both formats.
for version, codec in [("1.0", "none"), ("2.0", "gzip")]:
    pq.write_table(pa.table({"i": summed["i"], "s": summed["s"], "p": summed["s"], "l": pa.array([[f"x{x}"] for x in range(400)])}),
                   f"delta{version[0]}.parquet", compression=codec, use_dictionary=False, data_page_version=version, store_schema=False,
                   column_encoding={"s": "DELTA_LENGTH_BYTE_ARRAY", "p": "DELTA_BYTE_ARRAY", "l.list.element": "DELTA_BYTE_ARRAY"})

# view-*.parquet have the same rows, plain and as the Go library cannot read them: LZ4, values split into streams of bytes, differences of
# numbers and of values of a fixed length, in pages of both formats, several of them.
views = pa.table({
    "f": pa.array([None if x % 7 == 0 else x / 7 for x in range(150)], pa.float32()),
    "d": pa.array([x / 3 for x in range(150)], pa.float64()),
    "i": pa.array([None if x % 5 == 0 else (-1) ** x * x**4 for x in range(150)], pa.int32()),
    "l": pa.array([x * x - (1 << 40) for x in range(150)], pa.int64()),
    "s": pa.array([f"text {x // 3}" if x % 4 else None for x in range(150)]),
    "a": pa.array([None if x % 11 == 0 else [float(y) for y in range(x % 4)] for x in range(150)], pa.list_(pa.float32())),
    "b": pa.array([bytes([1, x // 10, x, 3]) if x % 6 else None for x in range(150)], pa.binary(4)),
})
numbers = ["f", "d", "i", "l", "a.list.element", "b"]
split = {c: "BYTE_STREAM_SPLIT" for c in numbers}
delta = {"i": "DELTA_BINARY_PACKED", "l": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY", "b": "DELTA_BYTE_ARRAY"}
for name, codec, version, encoding in [
    ("plain", "none", "1.0", None), ("lz4", "lz4", "1.0", None), ("lz4-2", "lz4", "2.0", None), ("split", "none", "1.0", split), ("split-lz4-2", "lz4", "2.0", split),
    ("delta", "none", "1.0", delta), ("delta-lz4-2", "lz4", "2.0", delta), ("delta-2", "snappy", "2.0", delta),
]:
    pq.write_table(views, f"view-{name}.parquet", compression=codec, data_page_version=version, use_dictionary=encoding is None, column_encoding=encoding,
                   data_page_size=256, write_batch_size=32, store_schema=False, write_statistics=False, write_page_checksum=True, row_group_size=100)

# int96.parquet has timestamps as Impala and Spark write them, before and after what 64 bits of nanoseconds hold, with and without a dictionary, in
# lists too.
moments = [datetime.datetime(1, 1, 1), datetime.datetime(1677, 1, 1, 12), datetime.datetime(2024, 2, 29, 23, 59, 59, 123456), None,
           datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)]
pq.write_table(pa.table({
    "t": pa.array(moments, pa.timestamp("us")),
    "p": pa.array(moments, pa.timestamp("us")),
    "l": pa.array([[x] for x in moments], pa.list_(pa.timestamp("us"))),
}), "int96.parquet", use_deprecated_int96_timestamps=True, use_dictionary=["t"], store_schema=False)
