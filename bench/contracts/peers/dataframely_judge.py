# dataframely over polars: python3 dataframely_judge.py SOURCE FOLDER
import sys
from pathlib import Path

import dataframely as dy
import polars as pl

from usage import tell

source, folder = sys.argv[1], Path(sys.argv[2])


class LineItem(dy.Schema):
    l_orderkey = dy.Int64(min=1, nullable=False)
    l_partkey = dy.Int64(min=1, nullable=False)
    l_suppkey = dy.Int64(min=1, nullable=False)
    l_linenumber = dy.Int32(min=1, max=7, nullable=False)
    l_quantity = dy.Float64(min=1, max=50, nullable=False)
    l_extendedprice = dy.Float64(min_exclusive=0, nullable=False)
    l_discount = dy.Float64(min=0, max=0.1, nullable=False)
    l_tax = dy.Float64(min=0, max=0.08, nullable=False)
    l_returnflag = dy.String(regex="^[ANR]$", nullable=False)
    l_linestatus = dy.String(regex="^[FO]$", nullable=False)
    l_shipdate = dy.Date(nullable=False)
    l_commitdate = dy.Date(nullable=False)
    l_receiptdate = dy.Date(nullable=False)
    l_shipinstruct = dy.String(regex="^(COLLECT COD|DELIVER IN PERSON|NONE|TAKE BACK RETURN)$", nullable=False)
    l_shipmode = dy.String(regex=r"^[A-Z]{3,5}( AIR)?$", nullable=False)
    l_comment = dy.String(min_length=1, max_length=44, nullable=False)


decimals = ["l_quantity", "l_extendedprice", "l_discount", "l_tax"]
frame = pl.read_parquet(source).with_columns(pl.col(decimals).cast(pl.Float64))
good, failures = LineItem.filter(frame)
# Its own file of failures: each row with a column of its answer for each rule.
failures.write_parquet(folder / "dataframely-rejects.parquet")
tell(len(failures))
