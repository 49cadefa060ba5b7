import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import type { EngineSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';
import { judgeDataset, parquetInput, summary, testSession, type Outcome } from './judging.js';

let session: EngineSession;
beforeAll(async () => void (session = await testSession()));
afterAll(() => session.close());

async function judgeJson(schema: z.ZodObject, values: readonly string[], type = 'JSON'): Promise<Outcome> {
  const folder = temporaryFolder();
  const rows = values.map((value, at) => `(${at + 1}, '${value}'::JSON::${type})`);
  const input = await parquetInput(session, folder, `SELECT id, v FROM (VALUES ${rows.join(', ')}) AS t(id, v)`);
  return judgeDataset(session, folder, contract(schema), input);
}

test('mixed values of a JSON column are judged as values, not as text, and kept in the contract’s type', async () => {
  const mixed = ['"12"', '12', '{"x":1}', '"a \\"b\\""', 'true'];
  const texts = await judgeJson(z.object({ id: z.int(), v: z.string() }), mixed);
  expect(summary(texts.rejected)).toEqual(['2: invalid_type v', '3: invalid_type v', '5: invalid_type v']);
  expect(texts.accepted.map(({ v }) => v)).toEqual(['12', 'a "b"']);
  const numbers = await judgeJson(z.object({ id: z.int(), v: z.number() }), mixed);
  expect(summary(numbers.rejected)).toEqual(['1: invalid_type v', '3: invalid_type v', '4: invalid_type v', '5: invalid_type v']);
  expect([numbers.accepted.map(({ v }) => v), numbers.judged.columns[1]?.type]).toEqual([[12], 'DOUBLE']);
  const either = await judgeJson(z.object({ id: z.int(), v: z.union([z.string(), z.number()]) }), mixed);
  expect(summary(either.rejected)).toEqual(['3: invalid_union v', '5: invalid_union v']);
});

test('a JSON column without any value fits every contract that takes none', async () => {
  const folder = temporaryFolder();
  const input = await parquetInput(
    session,
    folder,
    `SELECT 1 AS id, NULL::JSON AS n, NULL::JSON AS d, NULL::JSON AS o, NULL::JSON AS f`,
  );
  const schema = z.object({
    id: z.int(),
    n: z.number().nullable(),
    d: z.date().optional(),
    o: z.object({ x: z.int() }).nullish(),
    f: z.boolean().default(true),
  });
  const taken = await judgeDataset(session, folder, contract(schema), input);
  expect(taken.rejected).toEqual([]);
  expect(taken.accepted).toEqual([{ id: 1, n: null, d: null, o: null, f: true }]);
  const refused = await judgeDataset(session, folder, contract(z.object({ id: z.int(), n: z.number() })), input);
  expect(summary(refused.rejected)).toEqual(['1: invalid_type n']);
});

test('mixed values within a structure are judged as values too', async () => {
  const schema = z.object({ id: z.int(), v: z.object({ x: z.string(), y: z.int() }) });
  const { accepted, rejected } = await judgeJson(schema, ['{"x": "s", "y": 1}', '{"x": 5, "y": 2}'], 'STRUCT(x JSON, y BIGINT)');
  expect(summary(rejected)).toEqual(['2: invalid_type v.x']);
  expect(accepted.map(({ v }) => v)).toEqual([{ x: 's', y: 1n }]);
});
