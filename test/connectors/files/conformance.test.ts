import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { quoteLiteral } from '../../../src/core/filter.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { describeDestination } from '../../conformance/destination.js';
import { describeWatermarks } from '../../conformance/destination-watermark.js';
import { REGION, selectRows, type SampleRow } from '../../conformance/sample.js';
import { describeSource } from '../../conformance/source.js';

const root = mkdtempSync(join(tmpdir(), 'millrace-test-files-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const open = () => openConnector('files', 'depot', { root });
const fresh = () => randomBytes(4).toString('hex');
const capabilities = { modes: ['append', 'replace'] as const, partitions: true, deletes: false, audits: false };

for (const format of ['parquet', 'csv'] as const) {
  const read = (target: string): Promise<SampleRow[]> =>
    withContext(async ({ session }) => {
      const file = join(root, target);
      if (!hasData(file, format)) return [];
      const pattern = quoteLiteral(statSync(file).isDirectory() ? `${file}/**/*.${format}` : file);
      const columns = `{'id': 'BIGINT', 'the "region"': 'VARCHAR', 'amount': 'VARCHAR'}`;
      const from =
        format === 'parquet'
          ? `read_parquet(${pattern}, hive_partitioning = false)`
          : `read_csv(${pattern}, header = true, auto_detect = false, columns = ${columns}, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, hive_partitioning = false)`;
      const rows = await session.rows<{ id: string; region: string | null; amount: string | null }>(
        `SELECT id::VARCHAR AS id, "the ""region""" AS region, amount::VARCHAR AS amount FROM ${from}`,
      );
      return rows.map((row) => ({ ...row, id: Number(row.id) }));
    });
  const harness = () => ({ capabilities, open, read, newTarget: () => `${fresh()}.${format}` });
  describeDestination(`files (${format})`, harness, capabilities);
  describeWatermarks(`files (${format})`, harness, ['append']);
}

describeSource('files (csv)', () => ({
  open,
  provide: (rows) => {
    const path = `${fresh()}.csv`;
    writeFileSync(join(root, path), ['id,"the ""region""",amount\n', ...rows.map(csvLine)].join(''));
    return Promise.resolve({ path });
  },
  change: ({ path }, row) => Promise.resolve(appendFileSync(join(root, path ?? ''), csvLine(row))),
  missing: { path: 'nowhere.csv' },
  missingCode: 'FILE_MISSING',
}));

describeSource('files (json)', () => ({
  open,
  provide: (rows) => {
    const path = `${fresh()}.ndjson`;
    writeFileSync(join(root, path), rows.length === 0 ? '[]' : rows.map(jsonLine).join(''));
    return Promise.resolve(rows.length === 0 ? { path, columns: ['id', REGION, 'amount'] } : { path });
  },
  change: ({ path }, row) => Promise.resolve(appendFileSync(join(root, path ?? ''), jsonLine(row))),
  missing: { path: 'nowhere.json' },
  missingCode: 'FILE_MISSING',
}));

describeSource('files (parquet)', () => ({
  open,
  provide: async (rows) => {
    const path = `${fresh()}.parquet`;
    await writeParquet(path, selectRows(rows));
    return { path };
  },
  change: async ({ path }, row) => {
    const file = quoteLiteral(join(root, path ?? ''));
    await withContext(async ({ session }) => {
      await session.run(`CREATE TABLE changed AS SELECT * FROM ${file} UNION ALL ${selectRows([row])}`);
      await session.run(`COPY changed TO ${file} (FORMAT parquet)`);
    });
  },
  missing: { path: 'nowhere/*.parquet' },
  missingCode: 'FILE_MISSING',
}));

describeSource('files (copied)', () => ({
  open,
  provide: async (rows) => {
    const path = `${fresh()}.parquet`;
    await writeParquet(path, selectRows(rows));
    return { path, copy: true };
  },
  change: async ({ path }, row) => {
    const file = quoteLiteral(join(root, path ?? ''));
    await withContext(async ({ session }) => {
      await session.run(`CREATE TABLE changed AS SELECT * FROM ${file} UNION ALL ${selectRows([row])}`);
      await session.run(`COPY changed TO ${file} (FORMAT parquet)`);
    });
  },
  missing: { path: 'nowhere.parquet', copy: true },
  missingCode: 'FILE_MISSING',
}));

/** Whether there is a file, or a folder with any: one that only has a ledger holds no data. */
function hasData(file: string, format: string): boolean {
  if (!existsSync(file) || !statSync(file).isDirectory()) return existsSync(file);
  return readdirSync(file, { recursive: true }).some((name) => String(name).endsWith(`.${format}`));
}

function jsonLine({ id, region, amount }: SampleRow): string {
  return `${JSON.stringify({ id, [REGION]: region, amount })}\n`;
}

function csvLine(row: SampleRow): string {
  const region = row.region === null ? '' : `"${row.region.replaceAll('"', '""')}"`;
  return `${row.id},${region},${row.amount ?? ''}\n`;
}

async function writeParquet(path: string, select: string): Promise<void> {
  await withContext(({ session }) => session.run(`COPY (${select}) TO ${quoteLiteral(join(root, path))} (FORMAT parquet)`));
}
