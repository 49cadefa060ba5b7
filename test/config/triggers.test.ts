import { describe, expect, test } from 'vitest';
import { inspectProject } from '../../src/config/load.js';
import { triggerSettings } from '../../src/config/trigger-settings.js';
import { problemLine } from '../../src/core/problems.js';
import { writtenProject } from '../support/written-project.js';

const CONFIG = 'millrace.config.ts';

/** What is said of the sound project, a line each, with triggers on the line that they have. */
async function problemsWith(triggers: string, params = 'month: z.string()', partition = true): Promise<string[]> {
  const partitioned = partition ? `partition: monthly('month', { from: '2024-01' }),` : '';
  const folder = writtenProject({
    [CONFIG]: [
      "params: z.object({ month: z.string() }),\n      partition: monthly('month', { from: '2024-01' }),",
      `params: z.object({ ${params} }),\n      ${partitioned}\n      triggers: ${triggers},`,
    ],
  });
  const { problems } = await inspectProject(folder);
  return problems.map((problem) => `${problem.severity}: ${problemLine(problem)}`);
}

describe('triggers', () => {
  test.each([
    `{ after: ['lake.orders.parquet', 'lake.out/*.parquet'] }`,
    `{ files: { connection: 'lake', path: 'inbox/*.csv', every: '30 seconds' } }`,
    `{ webhook: { secret: { kind: 'env', name: 'HOOK' } } }`,
  ])('%s are fine', async (triggers) => {
    expect(await problemsWith(triggers)).toEqual([]);
  });

  test.each([
    [`{}`, /triggers: give `after`, `files`, `sql` or `webhook`/],
    [`{ params: {} }`, /triggers: give `after`/],
    [`{ after: [] }`, /triggers\.after: name at least one dataset/],
    [`{ after: ['orders'] }`, /triggers\.after\.0: a dataset is the connection and the target of a load/],
    [`{ after: ['lake.'] }`, /triggers\.after\.0: a dataset is/],
    [
      `{ after: ['lale.orders'] }`,
      /^error: millrace\.config\.ts:\d+:\d+: .*triggers\.after\.0: There is no connection "lale"\. Did you mean "lake"/,
    ],
    [`{ after: ['lake.orders', 'lake.orders'] }`, /triggers\.after\.1: "lake\.orders" is named twice/],
    [`{ befor: ['lake.orders'], after: ['lake.orders'] }`, /triggers\.befor: There is no such key\./],
    [`{ files: { connection: 'lake' } }`, /triggers\.files\.path: It is missing/],
    [`{ files: { connection: 'sea', path: '*' } }`, /triggers\.files\.connection: There is no connection "sea"/],
    [`{ files: { connection: 'lake', path: '*', every: 'often' } }`, /triggers\.files\.every: a number and a unit/],
    [`{ files: { connection: 'lake', path: '*', every: '0.1 seconds' } }`, /files\.every: it is at least one second/],
    [`{ files: { connection: 'lake', path: '*', every: '2 days' } }`, /files\.every: it is at most one day/],
    [`{ files: { connection: 'lake', path: '*', parameter: 'mont' } }`, /files\.parameter: params has no "mont"/],
    [`{ files: { connection: 'lake', path: '*', parameter: 'month' } }`, /files\.parameter: "month" is the partition/],
    [
      `{ sql: { connection: 'lake', query: { kind: 'sql', text: 'SELECT 1' } } }`,
      /sql\.connection: Connection "lake" \(files\) answers no SQL/,
    ],
    [`{ sql: { connection: 'lake', query: 'SELECT 1' } }`, /triggers\.sql\.query/],
    [`{ webhook: {} }`, /triggers\.webhook\.secret/],
    [`{ after: ['lake.orders'], params: { month: '2024-01' } }`, /triggers\.params\.month: "month" is the partition/],
    [`{ after: ['lake.orders'], params: { moth: 1 } }`, /triggers\.params\.moth: params has no "moth"/],
  ])('%s are not', async (triggers, told) => {
    expect((await problemsWith(triggers)).join('\n')).toMatch(told);
  });

  test('whose runs would be refused are not, and it is said why', async () => {
    const wanted = 'month: z.string(), region: z.string(), paths: z.array(z.string())';
    expect((await problemsWith(`{ after: ['lake.orders'] }`, wanted)).join('\n')).toMatch(
      /triggers\.after: Its runs would be refused: .*region: .*paths: /,
    );
    const files = `{ files: { connection: 'lake', path: '*', parameter: 'paths' }, params: { region: 'north' } }`;
    expect(await problemsWith(files, wanted)).toEqual([]);
    const wrong = `{ files: { connection: 'lake', path: '*', parameter: 'region' }, params: { paths: [] } }`;
    expect((await problemsWith(wrong, wanted)).join('\n')).toMatch(/triggers\.files: Its runs would be refused: .*region/);
  });

  test('that hold their secret in the config are warned of', async () => {
    const [warning] = await problemsWith(`{ webhook: { secret: 'for everybody who can read the repository' } }`);
    expect(warning).toMatch(/^warning: .*webhook\.secret: The secret stands in the config/);
  });
});

test('what is left out of triggers has its default', () => {
  const pipeline = { params: {} as never, triggers: { files: { connection: 'lake', path: '*.csv' } } };
  expect(triggerSettings(pipeline)).toEqual({
    partition: null,
    after: [],
    files: { connection: 'lake', path: '*.csv', everyMs: 60_000, parameter: null },
    sql: null,
    webhook: false,
    params: {},
  });
});
