# pydantic row by row: python3 pydantic_judge.py SOURCE FOLDER
import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, Field, ValidationError

from usage import tell

source, folder = sys.argv[1], Path(sys.argv[2])
Positive = Annotated[int, Field(gt=0)]


class LineItem(BaseModel):
    l_orderkey: Positive
    l_partkey: Positive
    l_suppkey: Positive
    l_linenumber: Annotated[int, Field(ge=1, le=7)]
    l_quantity: Annotated[float, Field(ge=1, le=50)]
    l_extendedprice: Annotated[float, Field(gt=0)]
    l_discount: Annotated[float, Field(ge=0, le=0.1)]
    l_tax: Annotated[float, Field(ge=0, le=0.08)]
    l_returnflag: Literal["A", "N", "R"]
    l_linestatus: Literal["F", "O"]
    l_shipdate: date
    l_commitdate: date
    l_receiptdate: date
    l_shipinstruct: Literal["COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN"]
    l_shipmode: Annotated[str, Field(pattern=r"^[A-Z]{3,5}( AIR)?$")]
    l_comment: Annotated[str, Field(min_length=1, max_length=44)]


judge = LineItem.__pydantic_validator__.validate_python
decimals = {"l_quantity", "l_extendedprice", "l_discount", "l_tax"}
line = rejected = 0
with open(folder / "pydantic-rejects.ndjson", "w") as out:
    for batch in pq.ParquetFile(source).iter_batches(batch_size=50_000):
        schema = pa.schema([field.with_type(pa.float64()) if field.name in decimals else field for field in batch.schema])
        for row in batch.cast(schema).to_pylist():
            line += 1
            try:
                judge(row)
            except ValidationError as error:
                rejected += 1
                reasons = error.errors(include_url=False, include_input=False, include_context=False)
                out.write(json.dumps({"line": line, "reasons": reasons, "row": row}, default=str) + "\n")
tell(rejected)
