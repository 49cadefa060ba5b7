# pandera over polars: python3 pandera_judge.py SOURCE FOLDER
import sys
from pathlib import Path

import pandera.polars as pa
import polars as pl

from usage import tell

source, folder = sys.argv[1], Path(sys.argv[2])
Check = pa.Check
schema = pa.DataFrameSchema(
    {
        "l_orderkey": pa.Column(pl.Int64, Check.gt(0)),
        "l_partkey": pa.Column(pl.Int64, Check.gt(0)),
        "l_suppkey": pa.Column(pl.Int64, Check.gt(0)),
        "l_linenumber": pa.Column(pl.Int32, Check.in_range(1, 7)),
        "l_quantity": pa.Column(pl.Float64, Check.in_range(1, 50)),
        "l_extendedprice": pa.Column(pl.Float64, Check.gt(0)),
        "l_discount": pa.Column(pl.Float64, Check.in_range(0, 0.1)),
        "l_tax": pa.Column(pl.Float64, Check.in_range(0, 0.08)),
        "l_returnflag": pa.Column(pl.String, Check.isin(["A", "N", "R"])),
        "l_linestatus": pa.Column(pl.String, Check.isin(["F", "O"])),
        "l_shipdate": pa.Column(pl.Date),
        "l_commitdate": pa.Column(pl.Date),
        "l_receiptdate": pa.Column(pl.Date),
        "l_shipinstruct": pa.Column(
            pl.String, Check.isin(["COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN"])
        ),
        "l_shipmode": pa.Column(pl.String, Check.str_matches(r"^[A-Z]{3,5}( AIR)?$")),
        "l_comment": pa.Column(pl.String, Check.str_length(1, 44)),
    }
)
decimals = ["l_quantity", "l_extendedprice", "l_discount", "l_tax"]
frame = pl.read_parquet(source).with_columns(pl.col(decimals).cast(pl.Float64))
try:
    schema.validate(frame, lazy=True)
    cases = pl.DataFrame({"index": []}, schema={"index": pl.Int32})
except pa.errors.SchemaErrors as errors:
    cases = errors.failure_cases
reasons = cases.filter(pl.col("index").is_not_null())
numbers = reasons.select(pl.col("index").cast(pl.UInt32)).unique()
rejected = frame.with_row_index("index").join(numbers, on="index", how="semi")
rejected.write_parquet(folder / "pandera-rejects.parquet")
reasons.select("index", "column", "check").write_parquet(folder / "pandera-reasons.parquet")
tell(numbers.height)
