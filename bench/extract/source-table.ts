import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** TPC-H's own types; no index, which reading has no use for. */
const CREATE = `CREATE TABLE lineitem (
  l_orderkey bigint NOT NULL, l_partkey bigint NOT NULL, l_suppkey bigint NOT NULL, l_linenumber integer NOT NULL,
  l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL, l_discount numeric(15,2) NOT NULL,
  l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL, l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL,
  l_commitdate date NOT NULL, l_receiptdate date NOT NULL, l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL,
  l_comment varchar(44) NOT NULL)`;

/** Makes the table `lineitem` of a CSV, as an application's database would have it at rest. */
export async function makeSourceTable(postgres: pg.Client, csv: string): Promise<void> {
  await postgres.query(CREATE);
  const copy = postgres.query(copyFrom('COPY lineitem FROM STDIN (FORMAT csv, HEADER)'));
  await pipeline(createReadStream(csv, { highWaterMark: 1 << 18 }), copy);
}
