import { existsSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { cacheFolder } from '../../src/engine/cache-folder.js';
import { madeWhole } from '../pip.js';
import { lineitemCsv } from '../tpch.js';

/** Of so many rows one breaks a rule: 5 %. */
const BROKEN = 20;

/**
 * What is broken, in turns: bounds, an enum, a pattern, a date out of reach, a text that is too long, a missing value; and two
 * rules at once.
 */
const FAULTS: readonly Readonly<Record<string, string>>[] = [
  { l_quantity: '51.5' },
  { l_discount: '0.11' },
  { l_returnflag: "'X'" },
  { l_shipmode: "'by rail'" },
  { l_comment: 'repeat(l_comment, 9)' },
  { l_orderkey: '-l_orderkey' },
  { l_linenumber: '9', l_shipinstruct: "'LEAVE IT'" },
  { l_receiptdate: 'NULL' },
];

const TYPES = `{l_orderkey: 'BIGINT', l_partkey: 'BIGINT', l_suppkey: 'BIGINT', l_linenumber: 'INTEGER', l_quantity: 'DECIMAL(15,2)',
  l_extendedprice: 'DECIMAL(15,2)', l_discount: 'DECIMAL(15,2)', l_tax: 'DECIMAL(15,2)', l_returnflag: 'VARCHAR', l_linestatus: 'VARCHAR',
  l_shipdate: 'DATE', l_commitdate: 'DATE', l_receiptdate: 'DATE', l_shipinstruct: 'VARCHAR', l_shipmode: 'VARCHAR', l_comment: 'VARCHAR'}`;

/**
 * A folder with `lineitem.parquet`: TPC-H's rows in their own types, of which 5 % break a rule of the contract. Made on first
 * use, as DuckDB writes Parquet, and kept in Millrace's cache folder.
 */
export async function stagedLineitem(scale: number, notice: (line: string) => void): Promise<string> {
  const folder = path.join(cacheFolder(), 'tpch', 'broken-1', `scale-${scale}`);
  if (existsSync(folder)) return folder;
  const csv = await lineitemCsv(scale, notice);
  notice(`Staging lineitem at scale ${scale}, 5 % of it broken, into ${folder} …`);
  await madeWhole(folder, (scratch) => write(csv, path.join(scratch, 'lineitem.parquet')));
  return folder;
}

async function write(csv: string, file: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const replaced = new Map<string, string[]>();
    for (const [fault, changes] of FAULTS.entries()) {
      for (const [column, value] of Object.entries(changes)) {
        const when = `WHEN n % ${BROKEN} = 7 AND n // ${BROKEN} % ${FAULTS.length} = ${fault} THEN ${value}`;
        replaced.set(column, [...(replaced.get(column) ?? []), when]);
      }
    }
    const columns = [...replaced].map(([column, cases]) => `CASE ${cases.join(' ')} ELSE ${column} END AS ${column}`);
    await connection.run(`COPY (SELECT * EXCLUDE (n) REPLACE (${columns.join(', ')}) FROM
      (SELECT *, row_number() OVER () AS n FROM read_csv('${csv}', header = true, columns = ${TYPES})))
      TO '${file}' (FORMAT parquet, COMPRESSION lz4)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
