import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const { FILES_FOLDER: files = '', HAND_FOLDER: staged = '' } = process.env;
await Promise.all([files, staged].map((folder) => mkdir(path.join(folder, 'by-hand'), { recursive: true })));
// One for all, as one would have it by hand.
const database = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();

const csv = (file) => path.join(files, `${file}.csv`);
const part = (file, made) => path.join(staged, 'by-hand', `${file}-${made}.parquet`);

async function count(select) {
  const [row] = (await database.runAndReadAll(`SELECT count(*) AS rows FROM (${select})`)).getRowObjectsJS();
  return Number(row.rows);
}

/** Gives its name back. */
export async function step(name) {
  return { name };
}

export async function extract(file) {
  return { rows: await count(`FROM read_csv('${csv(file)}')`) };
}

export async function validate(file) {
  const select = `SELECT id::BIGINT AS id, name::VARCHAR AS name FROM read_csv('${csv(file)}', types = { 'name': 'VARCHAR' }) WHERE id > 0 AND length(name) >= 1`;
  await database.run(`COPY (${select}) TO '${part(file, 'valid')}' (FORMAT parquet, COMPRESSION zstd)`);
  return { rows: await count(`FROM '${part(file, 'valid')}'`) };
}

export async function transform(file) {
  const select = `SELECT id, upper(name) AS name FROM '${part(file, 'valid')}' ORDER BY id`;
  await database.run(`COPY (${select}) TO '${part(file, 'loud')}' (FORMAT parquet, COMPRESSION zstd)`);
  return { rows: await count(`FROM '${part(file, 'loud')}'`) };
}

export async function load(file) {
  const target = path.join(files, 'by-hand', `${file}.parquet`);
  await database.run(`COPY (FROM '${part(file, 'loud')}') TO '${target}.part' (FORMAT parquet, COMPRESSION zstd)`);
  await rename(`${target}.part`, target);
  return { rows: await count(`FROM '${target}'`) };
}
