import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Contract } from '../config/contract.js';
import { columnSpecs, contractColumns } from '../contracts/columns.js';
import { typedImage } from '../contracts/image.js';
import type { Column } from '../core/dataset.js';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../core/filter.js';
import type { Manifest } from '../core/manifest.js';
import type { EngineSession } from '../engine/session.js';
import type { Workbench } from './workbench.js';

/** Writes rows that a contract has accepted as the dataset that a step would get. */
export async function datasetOf(
  { session, directory }: Workbench,
  name: string,
  contract: Contract,
  rows: readonly object[],
): Promise<Manifest> {
  const columns = contractColumns(contract);
  const lines = path.join(directory, `${name}.ndjson`);
  const file = path.join(directory, `${name}.parquet`);
  await writeFile(lines, rows.map((row) => `${JSON.stringify(row, jsonValue)}\n`).join(''));
  const types = columns.map((column) => `${quoteLiteral(column.name)}: ${quoteLiteral(column.type)}`).join(', ');
  await session.run(
    `COPY (SELECT * FROM read_json(${quoteFile(lines)}, format = 'newline_delimited', columns = {${types}}))
     TO ${quoteLiteral(file)} (FORMAT parquet)`,
  );
  return manifestOf(name, columns, { parts: [{ path: file, format: 'parquet', rows: rows.length, bytes: 0, fingerprint: '' }] });
}

/** Reads rows as the contract's TypeScript type has them: numbers, dates, nested objects. */
export async function readRows(
  session: EngineSession,
  contract: Contract,
  columns: readonly Column[],
  select: string,
): Promise<Record<string, unknown>[]> {
  const specs = new Map(columnSpecs(contract).map((spec) => [spec.name, spec]));
  const readers = columns.flatMap((column) => {
    const spec = specs.get(column.name);
    return spec ? [{ spec, image: typedImage(spec.base, column, quoteIdentifier(column.name)) }] : [];
  });
  const list = readers.flatMap(({ image }, index) => image.select.map((sql, at) => `${sql} AS i${index}_${at}`));
  const found = await session.rows(`SELECT ${list.join(', ')} FROM (${select})`);
  return found.map((row) =>
    Object.fromEntries(
      readers.flatMap(({ spec, image }, index) => {
        const value = image.read(image.select.map((_, at) => row[`i${index}_${at}`]));
        if (value === undefined && !spec.acceptsNull) return [];
        return [[spec.name, value ?? null]];
      }),
    ),
  );
}

/** A dataset that no step has made: what only staging and the catalog ask for is left empty. */
export function manifestOf(
  name: string,
  columns: readonly Column[],
  made: Pick<Manifest, 'parts'> & Partial<Pick<Manifest, 'filter'>>,
): Manifest {
  const unknown = { key: '', content: '', createdAt: '', schema: '', engine: '' };
  return { version: 1, name, ...unknown, rows: null, bytes: 0, columns, parents: [], reproducible: true, ...made };
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
