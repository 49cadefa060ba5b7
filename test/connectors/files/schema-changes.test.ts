import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openConnector } from '../../../src/connectors/registry.js';
import type { LoadRequest } from '../../../src/connectors/contract.js';
import type { LoadResult } from '../../../src/core/load.js';
import { widensTo } from '../../../src/connectors/files/widens-to.js';
import { withContext } from '../../conformance/context.js';
import { temporaryFolder } from '../../support/folder.js';

async function append(root: string, select: string, rest: Partial<LoadRequest> = {}): Promise<LoadResult> {
  const connector = await openConnector('files', 'lake', { root });
  return withContext(async ({ session, ...context }) => {
    const described = await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${select}`);
    const columns = described.map((row) => ({ name: row.column_name, type: row.column_type, nullable: true }));
    const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM (${select})`);
    const loadId = randomBytes(6).toString('hex');
    const identity = { loadId, content: select, pipeline: 'p', step: 'load:t', workflowId: 'w', runId: 'r' };
    const request = {
      identity,
      mode: 'append',
      target: 'orders',
      connection: 'lake',
      select,
      columns,
      rows: Number(counted?.rows),
      ...rest,
    } as const;
    if (!connector.destination) throw new Error('The connector has no destination');
    return connector.destination.load(request, { session, ...context });
  });
}

const typesIn = (root: string): Promise<string[]> =>
  withContext(async ({ session }) => {
    const rows = await session.rows<{ text: string }>(
      `SELECT DISTINCT name || ' ' || coalesce(duckdb_type, '') AS text FROM parquet_schema('${root}/orders/*.parquet') WHERE num_children IS NULL ORDER BY 1`,
    );
    return rows.map(({ text }) => text);
  });

test('an append with other columns than the newest load is refused, with the whole difference', async () => {
  const root = temporaryFolder();
  await append(root, "SELECT 1::INTEGER AS id, 'a' AS note, TRUE AS paid");
  const refused = append(root, "SELECT 3000000000 AS id, 'a' AS note, 1.5::DOUBLE AS amount");
  await expect(refused).rejects.toMatchObject({
    code: 'SCHEMA_CHANGED',
    message: expect.stringMatching(
      /"orders".*"amount" \(DOUBLE\).*lacks their column "paid".*"id" is BIGINT, theirs is INTEGER.*schema: 'evolve'/,
    ) as string,
  });
  expect(await typesIn(root)).toHaveLength(3);
});

test('a narrower type is written as the folder has it', async () => {
  const root = temporaryFolder();
  await append(root, "SELECT 1::BIGINT AS id, DATE '2024-01-01'::TIMESTAMP AS at");
  expect(await append(root, "SELECT 2::SMALLINT AS id, DATE '2024-01-01' AS at")).toMatchObject({ rows: 1 });
  expect(await typesIn(root)).toHaveLength(2);
});

test('evolve takes new columns and wider types, and tells of them', async () => {
  const root = temporaryFolder();
  await append(root, "SELECT 1::INTEGER AS id, 'a' AS note, TRUE AS paid");
  const result = await append(root, "SELECT 3000000000 AS id, 'a' AS note, 1.5::DOUBLE AS amount", { schema: 'evolve' });
  expect(result.changes).toEqual([
    { change: 'widened', column: 'id', from: 'INTEGER', to: 'BIGINT' },
    { change: 'added', column: 'amount', to: 'DOUBLE' },
    { change: 'missing', column: 'paid', from: 'BOOLEAN' },
  ]);
  const narrower = append(root, "SELECT 'x' AS id, 'a' AS note, 1.5::DOUBLE AS amount", { schema: 'evolve' });
  await expect(narrower).rejects.toMatchObject({
    code: 'SCHEMA_CHANGED',
    message: expect.stringContaining('"id" is VARCHAR') as string,
  });
});

test('discard leaves new columns out, and counts their values', async () => {
  const root = temporaryFolder();
  await append(root, 'SELECT 1 AS id');
  const result = await append(root, "SELECT unnest([1, 2]) AS id, unnest(['a', NULL]) AS note", { schema: 'discard' });
  expect(result.changes).toEqual([{ change: 'discarded', column: 'note', from: 'VARCHAR', rows: 1 }]);
  expect(await typesIn(root)).toEqual(['id INTEGER']);
});

test('a column that looks renamed is refused under every policy', async () => {
  const root = temporaryFolder();
  await append(root, "SELECT 1 AS id, 'a' AS note");
  for (const schema of ['freeze', 'evolve', 'discard'] as const) {
    await expect(append(root, "SELECT 1 AS id, 'a' AS remark", { schema })).rejects.toMatchObject({
      code: 'SCHEMA_CHANGED',
      message: expect.stringMatching(/lacks "note" and has "remark" instead/) as string,
    });
  }
});

test('a replace writes what comes', async () => {
  const root = temporaryFolder();
  const target = { target: 'orders.parquet', mode: 'replace' } as const;
  await append(root, 'SELECT 1 AS id', target);
  expect(await append(root, "SELECT 'x' AS name", target)).toMatchObject({ rows: 1 });
});

test.each([
  ['INTEGER', 'BIGINT', true],
  ['BIGINT', 'INTEGER', false],
  ['UINTEGER', 'BIGINT', true],
  ['UBIGINT', 'BIGINT', false],
  ['INTEGER', 'UBIGINT', false],
  ['INTEGER', 'DOUBLE', true],
  ['BIGINT', 'DOUBLE', false],
  ['INTEGER', 'FLOAT', false],
  ['FLOAT', 'DOUBLE', true],
  ['BIGINT', 'DECIMAL(21,2)', true],
  ['BIGINT', 'DECIMAL(20,2)', false],
  ['DECIMAL(6,2)', 'DECIMAL(8,3)', true],
  ['DECIMAL(6,2)', 'DECIMAL(6,3)', false],
  ['DATE', 'TIMESTAMP', true],
  ['DATE', 'TIMESTAMP WITH TIME ZONE', false],
  ['VARCHAR', 'INTEGER', false],
] as const)('%s widens to %s: %s', (from, to, expected) => {
  expect(widensTo(from, to)).toBe(expected);
});
