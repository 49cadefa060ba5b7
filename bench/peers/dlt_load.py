# dlt's fastest way from a CSV file into Postgres: the file goes through as it is, into COPY; no row is looked at.
# python dlt_load.py CSV SCHEMA TABLE FOLDER, with WAREHOUSE_URL in the environment.
import os
import sys

import dlt
from dlt.destinations import postgres
from dlt.common.destination.configuration import CsvFormatConfiguration

csv, schema, table, folder = sys.argv[1:5]
INTEGERS = ["orderkey", "partkey", "suppkey", "linenumber"]
NUMBERS = ["quantity", "extendedprice", "discount", "tax"]
TEXTS = ["returnflag", "linestatus", "shipdate", "commitdate", "receiptdate", "shipinstruct", "shipmode", "comment"]


def type_of(name):
    if name in INTEGERS:
        return "bigint"
    if name in NUMBERS:
        return "double"
    return "date" if name.endswith("date") else "text"


columns = {f"l_{name}": {"name": f"l_{name}", "data_type": type_of(name)} for name in INTEGERS + NUMBERS + TEXTS}
with open(csv, "rb") as file:
    rows = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 24), b"")) - 1


@dlt.resource(name=table, columns=columns, write_disposition="replace", file_format="csv")
def lines():
    yield dlt.mark.with_file_import(csv, "csv", rows)


destination = postgres(
    os.environ["WAREHOUSE_URL"], csv_format=CsvFormatConfiguration(delimiter=",", include_header=True), create_indexes=False
)
pipeline = dlt.pipeline("load", destination=destination, dataset_name=schema, pipelines_dir=folder)
pipeline.run(lines(), loader_file_format="csv").raise_on_failed_jobs()
