import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { sql } from '../../src/config/sql.js';
import { isQuick } from '../../src/contracts/long-running.js';
import type { EngineSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';
import { csvInput, judgeDataset, parquetInput, summary, testSession } from './judging.js';

let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

const NAMES = [
  'select',
  'from',
  'order by',
  'it"s',
  "it's",
  'a.b',
  '$x',
  'Ünï côde',
  '__proto',
  ' led ',
  'row',
  'status',
  'part',
  'told',
  'heads',
  'columns',
];

it('judges columns with the names of keywords, with quotes and with the words of its own SQL', async () => {
  const folder = temporaryFolder();
  const shape = Object.fromEntries(NAMES.map((name) => [name, z.int().max(5)]));
  const Odd = contract(z.object(shape), { rules: { small: sql`"select" + "it""s" < 9` } });
  const Refined = contract(z.object({ ...shape, "it's": z.int().refine((value) => value < 6, 'above 5') }));
  const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const rows = [1, 6, 5];
  const csv = [NAMES.map(cell).join(), ...rows.map((value) => NAMES.map(() => value).join())].join('\n');
  const fromText = await judgeDataset(session, folder, Odd, csvInput(folder, NAMES, `${csv}\n`));
  const columns = NAMES.map((name) => `i AS "${name.replaceAll('"', '""')}"`).join(', ');
  const input = await parquetInput(session, folder, `SELECT ${columns} FROM (SELECT unnest([1, 6, 5]) AS i)`);
  const typed = await judgeDataset(session, folder, Odd, input);
  for (const outcome of [fromText, typed]) {
    expect(outcome.accepted).toHaveLength(1);
    expect(Object.keys(outcome.accepted[0] ?? {})).toEqual(NAMES);
    expect(outcome.rejected.map(({ reasons }) => reasons.length)).toEqual([NAMES.length + 1, 1]);
    expect(outcome.rejected[0]?.reasons.slice(0, NAMES.length).map(({ path, value }) => [path, value])).toEqual(
      NAMES.map((name) => [name, '6']),
    );
    expect(JSON.parse(outcome.rejected[0]?.row ?? '')).toEqual(Object.fromEntries(NAMES.map((name) => [name, '6'])));
  }
  const refined = await judgeDataset(session, folder, Refined, input);
  expect(refined.rejected.flatMap(({ reasons }) => reasons.filter(({ code }) => code === 'custom'))).toEqual([
    { code: 'custom', path: "it's", message: 'above 5', value: '6' },
  ]);
});

it('judges a thousand columns, from text and typed', async () => {
  const folder = temporaryFolder();
  // The engine's own default.
  const roomy = await testSession(2, '1GB');
  const names = Array.from({ length: 1000 }, (_, index) => `c${index}`);
  const Wide = contract(
    z.object(Object.fromEntries(names.map((name, index) => [name, index % 2 === 0 ? z.int().max(9) : z.string().max(1)]))),
  );
  const csv = [names.join(), names.map(() => 9).join(), names.map((_, index) => (index > 990 ? 10 : 8)).join()].join('\n');
  const fromText = await judgeDataset(roomy, folder, Wide, csvInput(folder, names, `${csv}\n`));
  const input = await parquetInput(
    roomy,
    folder,
    `SELECT ${names.map((name, index) => (index % 2 === 0 ? `i AS ${name}` : `i::VARCHAR AS ${name}`)).join(', ')} FROM (SELECT unnest([9, 10]) AS i)`,
  );
  const typed = await judgeDataset(roomy, folder, Wide, input);
  expect(fromText.judged.verdict).toMatchObject({ accepted: 1, rejected: 1, judgedBySql: 2 });
  expect(fromText.rejected[0]?.reasons.map(({ path }) => path)).toEqual(names.slice(991));
  expect(typed.judged.verdict).toMatchObject({ accepted: 1, rejected: 1, judgedBySql: 2 });
  expect(typed.rejected[0]?.reasons).toHaveLength(1000);
  roomy.close();
});

it('judges rows of 50 MB, and keeps the rejected ones whole', async () => {
  const folder = temporaryFolder();
  const roomy = await testSession(2, '1GB');
  try {
    const select = `SELECT unnest([1, 2, 3]) AS id, repeat('x', unnest([50_000_000, 1, 50_000_000])) AS body, unnest(['ok', 'ok', '-']) AS code`;
    const shape = { id: z.int(), body: z.string().min(2), code: z.string().max(2) };
    const input = await parquetInput(roomy, folder, select);
    const bySql = await judgeDataset(roomy, folder, contract(z.object({ ...shape, code: z.literal('ok') })), input);
    expect(summary(bySql.rejected)).toEqual(['2: too_small body', '3: invalid_value code']);
    expect(bySql.rejected[1]?.row.length).toBeGreaterThan(50_000_000);
    const Refined = contract(
      z.object({ ...shape, body: shape.body.refine((body) => body.endsWith('x')) }).refine(({ code }) => code !== '-', 'no code'),
    );
    const byZod = await judgeDataset(roomy, folder, Refined, input);
    expect(summary(byZod.rejected)).toEqual(['2: too_small body', '3: custom']);
    expect(byZod.accepted.map(({ body }) => (body as string).length)).toEqual([50_000_000]);
  } finally {
    roomy.close();
  }
});

it('names a thousand issues of a row, and counts the others', async () => {
  const folder = temporaryFolder();
  const Long = contract(z.object({ id: z.int(), list: z.array(z.int().max(5)) }));
  const input = await parquetInput(session, folder, 'SELECT 1 AS id, [i FOR i IN range(3000)] AS list');
  const { rejected } = await judgeDataset(session, folder, Long, input);
  expect(rejected[0]?.reasons).toHaveLength(1001);
  expect(rejected[0]?.reasons.at(-1)).toMatchObject({ code: 'custom', path: '', message: '1994 more issues' });
});

it('knows patterns that surely end from those that may not', () => {
  for (const quick of [/^[A-Z]{3,5}( AIR)?$/, /^\d{4}-\d{2}$/, /^[a-z]*$/, /^(?:a|b)$/, /^.{1,5}$/, /^[+*)]{2}$/])
    expect([String(quick), isQuick(quick)]).toEqual([String(quick), true]);
  for (const slow of [
    /^(a+)+$/,
    /(a|a)*$/,
    /^(a|aa)+$/,
    /a*b/,
    /^a*a*$/,
    /^(\d{1,9}){1,9}$/,
    /a?a?a?a?a?aaaaa/,
    /^a+|b/,
    /^(?=a+)+/,
  ])
    expect([String(slow), isQuick(slow)]).toEqual([String(slow), false]);
});
