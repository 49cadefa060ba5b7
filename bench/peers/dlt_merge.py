# dlt's fastest way for a merge: what changed is read as Arrow, and merged by upsert.
# python dlt_merge.py SINCE SCHEMA TABLE FOLDER, with SHOP_URL and WAREHOUSE_URL in the environment.
import os
import sys

import connectorx
import dlt
from dlt.destinations import postgres

since, schema, table, folder = sys.argv[1:5]


@dlt.resource(name=table, primary_key="o_orderkey", write_disposition={"disposition": "merge", "strategy": "upsert"})
def changes():
    query = f"SELECT * FROM orders WHERE updated_at >= '{since}'"
    yield connectorx.read_sql(os.environ["SHOP_URL"], query, return_type="arrow", protocol="binary")


pipeline = dlt.pipeline("merge", destination=postgres(os.environ["WAREHOUSE_URL"]), dataset_name=schema, pipelines_dir=folder)
pipeline.run(changes(), loader_file_format="csv").raise_on_failed_jobs()
