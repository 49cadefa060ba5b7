import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll } from 'vitest';
import { quoteLiteral } from '../../../src/core/filter.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { describeDestination } from '../../conformance/destination.js';
import { REGION, selectRows, type SampleRow } from '../../conformance/sample.js';
import { describeSource } from '../../conformance/source.js';
import { temporaryFolder } from '../../support/folder.js';
import { createTestBucket, type TestBucket } from '../../support/s3.js';

let bucket: TestBucket;
beforeAll(async () => {
  bucket = await createTestBucket();
});

const open = () => openConnector('files', 'depot', { root: bucket.root, s3: bucket.s3 });
const fresh = () => randomBytes(4).toString('hex');
const capabilities = { modes: ['append', 'replace'] as const, partitions: true, deletes: false, audits: false };

for (const format of ['parquet', 'csv'] as const) {
  const read = async (target: string): Promise<SampleRow[]> => {
    const isFile = (await bucket.store.head(target)) !== undefined;
    const files = isFile ? [target] : (await bucket.keys(`${target}/`)).filter((key) => key.endsWith(`.${format}`));
    if (files.length === 0) return [];
    // Found by a listing, as a pattern would; but the server ignores how DuckDB asks for names with `%` in them.
    const pattern = `[${files.map((key) => quoteLiteral(bucket.store.url(key))).join(', ')}]`;
    const columns = `{'id': 'BIGINT', 'the "region"': 'VARCHAR', 'amount': 'VARCHAR'}`;
    const from =
      format === 'parquet'
        ? `read_parquet(${pattern}, hive_partitioning = false)`
        : `read_csv(${pattern}, header = true, auto_detect = false, columns = ${columns}, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, hive_partitioning = false)`;
    const rows = await bucket.rows<{ id: string; region: string | null; amount: string | null }>(
      `SELECT id::VARCHAR AS id, "the ""region""" AS region, amount::VARCHAR AS amount FROM ${from}`,
    );
    return rows.map((row) => ({ ...row, id: Number(row.id) }));
  };
  describeDestination(
    `files on s3 (${format})`,
    () => ({ capabilities, open, read, newTarget: () => `${fresh()}.${format}` }),
    capabilities,
  );
}

function csvSource(name: string, end: string, pack: (text: string) => string | Buffer, unpack: (bytes: Buffer) => string) {
  describeSource(name, () => ({
    open,
    provide: async (rows) => {
      const path = `${fresh()} ü.csv${end}`;
      await bucket.put(path, pack(['id,"the ""region""",amount\n', ...rows.map(csvLine)].join('')));
      return { path };
    },
    change: async ({ path = '' }, row) => {
      const body = await bucket.store.read((await bucket.store.head(path))!);
      await bucket.put(path, pack(unpack(await buffer(body!)) + csvLine(row)));
    },
    missing: { path: 'nowhere.csv' },
    missingCode: 'FILE_MISSING',
  }));
}

csvSource('files on s3 (csv)', '', String, String);
csvSource(
  'files on s3 (csv.gz)',
  '.gz',
  (text) => gzipSync(text),
  (bytes) => gunzipSync(bytes).toString(),
);

describeSource('files on s3 (json)', () => ({
  open,
  provide: async (rows) => {
    const path = `${fresh()}.ndjson`;
    await bucket.put(path, rows.length === 0 ? '[]' : rows.map(jsonLine).join(''));
    return rows.length === 0 ? { path, columns: ['id', REGION, 'amount'] } : { path };
  },
  change: async ({ path = '' }, row) => {
    const before = await bucket.store.text(path);
    await bucket.put(path, `${before?.text ?? ''}${jsonLine(row)}`);
  },
  missing: { path: 'nowhere.json' },
  missingCode: 'FILE_MISSING',
}));

for (const copy of [false, true]) {
  const options = copy ? { copy } : {};
  describeSource(`files on s3 (parquet${copy ? ', copied' : ''})`, () => ({
    open,
    provide: async (rows) => {
      const path = `${fresh()}/data.parquet`;
      await putParquet(path, selectRows(rows));
      return { path, ...options };
    },
    change: async ({ path = '' }, row) => {
      const before = `SELECT * FROM ${quoteLiteral(bucket.store.url(path))}`;
      await bucket.rows(
        `COPY (${before} UNION ALL ${selectRows([row])}) TO ${quoteLiteral(bucket.store.url(path))} (FORMAT parquet)`,
      );
    },
    missing: { path: 'nowhere/*.parquet' },
    missingCode: 'FILE_MISSING',
  }));
}

function jsonLine({ id, region, amount }: SampleRow): string {
  return `${JSON.stringify({ id, [REGION]: region, amount })}\n`;
}

function csvLine(row: SampleRow): string {
  const region = row.region === null ? '' : `"${row.region.replaceAll('"', '""')}"`;
  return `${row.id},${region},${row.amount ?? ''}\n`;
}

async function putParquet(path: string, select: string): Promise<void> {
  const file = join(temporaryFolder(), 'data.parquet');
  await withContext(({ session }) => session.run(`COPY (${select}) TO ${quoteLiteral(file)} (FORMAT parquet)`));
  await bucket.put(path, readFileSync(file));
}
