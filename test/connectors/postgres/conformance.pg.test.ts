import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { openConnector } from '../../../src/connectors/registry.js';
import { describeDestination } from '../../conformance/destination.js';
import type { SampleVersion } from '../../conformance/destination-tools.js';
import { describeWatermarks } from '../../conformance/destination-watermark.js';
import type { SampleRow } from '../../conformance/sample.js';
import { describeSource } from '../../conformance/source.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const open = () => openConnector('postgres', 'depot', { url: db.url });

async function read(table: string): Promise<SampleRow[]> {
  const [found] = await db.query<{ oid: string | null }>('SELECT to_regclass($1) AS oid', [`public.${table}`]);
  if (!found?.oid) return [];
  return db.query(`SELECT id::int AS id, "the ""region""" AS region, amount::text AS amount FROM public.${table}`);
}

const versions = (table: string): Promise<SampleVersion[]> =>
  db.query(
    `SELECT id::int AS id, "the ""region""" AS region, amount::text AS amount, valid_from AS "from", valid_to AS "to", is_current AS current
     FROM public.${table} ORDER BY id, valid_from`,
  );

const capabilities = { modes: ['append', 'merge', 'replace', 'scd2'] as const, partitions: true, deletes: true, audits: true };

const harness = () => ({ capabilities, open, read, versions, newTarget: () => `t_${randomBytes(4).toString('hex')}` });

describeDestination('postgres', harness, capabilities);
describeWatermarks('postgres', harness, ['append', 'merge']);

describeSource('postgres', () => ({
  open,
  async provide(rows) {
    const table = `s_${randomBytes(4).toString('hex')}`;
    await db.query(`CREATE TABLE public.${table} (id bigint NOT NULL, "the ""region""" text, amount numeric(12,2))`);
    for (const row of rows) await db.query(`INSERT INTO public.${table} VALUES ($1, $2, $3)`, [row.id, row.region, row.amount]);
    return { table };
  },
  change: async ({ table }, row) =>
    void (await db.query(`INSERT INTO public.${table} VALUES ($1, $2, $3)`, [row.id, row.region, row.amount])),
  missing: { table: 'nowhere' },
  missingCode: 'TABLE_MISSING',
}));
