import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contentsOfSchema } from '../catalog/fresh-catalog.js';
import { jsonLines } from './millrace.js';
import { openMarket, type Market } from './market.js';

/* A worker and commands in processes of their own, whose catalog is in the same database as the warehouse. */

const SCHEMA = 'millrace_catalog';
let market: Market;

beforeAll(async () => {
  market = await openMarket((db) => ({ MILLRACE_CATALOG_URL: db.url, MARKET_CATALOG: '/nowhere/at/all' }));
  const lines = ['id,customer,amount,month', '1,a,1.5,2024-01', '2,b,2.5,2024-01', '3,c,-1,2024-01', ''];
  await writeFile(join(market.lake, 'sales.csv'), lines.join('\n'));
}, 120_000);
afterAll(() => market?.close());

async function sell(id: string, params: Record<string, unknown>): Promise<number | null> {
  const { code } = await market.millrace('run', 'sell', '--id', id, '--params', JSON.stringify(params), '--wait');
  return code;
}

async function idsOf(...args: string[]): Promise<unknown[]> {
  return jsonLines((await market.millrace('runs', '--json', ...args)).stdout).map(({ workflowId }) => workflowId);
}

test('runs go, and every command that reads the catalog reads this one', async () => {
  expect(await sell('sale', { path: 'sales.csv' })).toBe(0);
  expect(await sell('too-bad', { path: 'sales.csv', maxRejected: 0 })).toBe(1);
  expect(await idsOf()).toEqual(['too-bad', 'sale']);
  expect(await idsOf('--status', 'failed')).toEqual(['too-bad']);
  const shown = JSON.parse((await market.millrace('show', 'sale', '--json')).stdout) as { steps: unknown };
  expect(shown.steps).toMatchObject([{ step: 'extract:sales' }, { rejected: 1 }, { rows: 2, target: 'warehouse.public.sold' }]);
  expect((await market.millrace('quarantine', 'too-bad')).stdout).toMatch(/sales\.csv:4/);
  const params = JSON.stringify({ path: 'sales.csv' });
  const retried = await market.millrace('retry', 'too-bad', '--params', params, '--wait', '--json');
  expect(jsonLines(retried.stdout).at(-1)).toMatchObject({ event: 'ended', status: 'completed' });
}, 120_000);

test('an unknown run is said to be unknown to this catalog, without its password', async () => {
  const { stderr } = await market.millrace('quarantine', 'nobody');
  const { host, password } = new URL(market.db.url);
  expect(stderr).toContain(`The catalog ${host}/${market.db.name} (schema ${SCHEMA}) knows no run nobody`);
  expect(stderr).not.toContain(password === '' ? 'postgres://' : password);
});

test('dropped under the worker, it is rebuilt by a command, which says what is nowhere', async () => {
  const before = await contentsOfSchema(market.db, SCHEMA);
  await market.db.query(`drop schema ${SCHEMA} cascade`);
  const rebuilt = await market.millrace('catalog', 'rebuild');
  expect(rebuilt.code).toBe(0);
  expect(rebuilt.stdout).toMatch(/3 runs from Temporal and 0 from the archive with 7 steps/);
  expect(rebuilt.stdout).toContain('Logs of runs, backfills, and what people were asked to approve: they are nowhere else.');
  const after = await contentsOfSchema(market.db, SCHEMA);
  const facts = (contents: typeof before): unknown => [
    contents.runs.map((run) => [
      run['run_id'],
      run['status'],
      run['params'],
      run['retry_of'],
      run['error_message'],
      run['result'],
    ]),
    contents.step_runs.map((step) => [step['run_id'], step['step'], step['status'], step['result'], step['inputs']]),
    contents.datasets,
    contents.dataset_parents,
    contents.quality_results,
    contents.quality_reasons,
    contents.quarantine,
    contents.loads.map((load) => [load['load_id'], load['content'], load['rows'], load['replaced'], load['attempt']]),
  ];
  expect(facts(after)).toEqual(facts(before));
  expect(await sell('afterwards', { path: 'sales.csv' })).toBe(0);
  expect(await idsOf('--limit', '1')).toEqual(['afterwards']);
}, 120_000);
