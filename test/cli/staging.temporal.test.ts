import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeOrders } from '../support/orders-file.js';
import { openMarket, type Market } from './market.js';
import { jsonLines, millrace } from './millrace.js';

let market: Market;
const MONTHS_AGO = new Date(Date.now() - 90 * 86_400_000);

beforeAll(async () => {
  market = await openMarket();
  await writeOrders(market.lake, 'sales.csv', 100);
  await writeOrders(market.lake, 'strict.csv', 10, ['11,,3.5,2024-01']);
  await market.millrace('run', 'sell', '--params', '{"path":"sales.csv"}', '--id', 'good', '--wait');
  await market.millrace('run', 'sell', '--params', '{"path":"strict.csv","maxRejected":0}', '--id', 'strict', '--wait');
});

afterAll(() => market.close());

/** A run of the last minute may not be in the catalog yet. */
const TWO_MINUTES_LATER = '--import=data:text/javascript,const/**/now=Date.now;Date.now=()=>now()+120000';

const staging = (): string => market.env['MARKET_STAGING'] ?? '';

/** Makes everything that happened so far as old as if it were months ago. */
function age(): void {
  for (const file of readdirSync(join(staging(), 'datasets'), { recursive: true, encoding: 'utf8' }))
    utimesSync(join(staging(), 'datasets', file), MONTHS_AGO, MONTHS_AGO);
  const catalog = new Database(market.env['MARKET_CATALOG'] ?? '');
  const then = `'${MONTHS_AGO.toISOString()}'`;
  catalog.exec(`update runs set started_at = ${then}, finished_at = iif(finished_at is null, null, ${then})`);
  catalog.close();
}

function datasetsOnDisk(): number {
  return readdirSync(join(staging(), 'datasets'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('manifest.json'),
  ).length;
}

test('staging ls lists datasets with rows, size, age and the run that used them', async () => {
  const { code, stdout } = await market.millrace('staging', 'ls');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ *dataset +rows +size +made +used +by/);
  expect(stdout).toMatch(/^ *sales +100 +\d+\.\d kB +0 min +0 min +good \(completed\)/m);
  expect(stdout).toMatch(/strict \(failed\), 1 rejected rows/);
  expect(stdout).toMatch(/^4 datasets, \d+\.\d kB in \/.*staging$/m);
  const json = jsonLines((await market.millrace('staging', 'ls', '--json')).stdout);
  expect(json.at(-1)).toMatchObject({ event: 'total', datasets: 4, maxBytes: null, attempts: [] });
  expect(json[0]).toMatchObject({ runs: [{ workflowId: 'good', status: 'completed' }] });
});

test('staging clean removes nothing that was used lately', async () => {
  const { code, stdout } = await market.millrace('staging', 'clean', '--older-than', '10m');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Removed 0 datasets and 0 dead attempts, which freed 0 B\.\nKept 4 datasets: used lately\.\n$/);
});

test('staging clean --dry-run says what would go and which retries would suffer, and removes nothing', async () => {
  age();
  const { stdout, stderr } = await market.millrace('staging', 'clean', '--dry-run');
  expect(stdout).toMatch(/^Would remove 3 datasets and 0 dead attempts, which would free \d/m);
  expect(stdout).toMatch(/^Kept 1 dataset: holds rejected rows\. With --quarantine they go too\.$/m);
  expect(stderr).toMatch(/^A retry of strict@[0-9a-f-]{36} \(failed\) would make these datasets anew: sales$/m);
  expect(datasetsOnDisk()).toBe(4);
});

test('staging clean keeps what a run that goes on needs, however old it is', async () => {
  await market.db.query('create table locked (id int)');
  await market.db.query('begin');
  await market.db.query('lock table sold');
  await market.millrace('run', 'sell', '--params', '{"path":"sales.csv"}', '--id', 'waiting');
  const following = market.start('logs', 'waiting', '-f');
  await following.until('load:warehouse.sold  Started');
  age();
  const { stdout } = await market.millrace('staging', 'clean', '--quarantine', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ dryRun: false, kept: { 'used by a running run': 2 } });
  const lost = { ...market.env, MARKET_CATALOG: join(staging(), 'another.db'), NODE_OPTIONS: TWO_MINUTES_LATER };
  const refused = await millrace(['staging', 'clean', '--quarantine', '--project', market.directory], lost);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^error: The run waiting \([0-9a-f-]{36}\) goes on, and the catalog .+ does not know it/);
  expect(refused.stderr).toContain('so nothing was removed. Run `millrace catalog rebuild`');
  expect(datasetsOnDisk()).toBe(2);
  await market.db.query('rollback');
  expect((await following.end).stdout).toMatch(/Run completed\.\n$/);
});

test('staging clean removes the rest, and what a killed attempt has left; a retry then does its work anew', async () => {
  age();
  const left = join(staging(), 'attempts', `${os.hostname()}-999999999-abc-1`);
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, 'part-0.parquet'), 'x'.repeat(5_000));
  const { stdout } = await market.millrace('staging', 'clean', '--older-than', '30d', '--quarantine');
  expect(stdout).toMatch(/^Removed 2 datasets and 1 dead attempt, which freed \d+\.\d kB\.$/m);
  expect([datasetsOnDisk(), existsSync(left)]).toEqual([0, false]);
  await writeOrders(market.lake, 'strict.csv', 10);
  const retried = await market.millrace('retry', 'strict', '--wait');
  expect(retried.code).toBe(0);
});

test('an age that is too short or none is refused', async () => {
  for (const wrong of ['9m', 'soon']) {
    const refused = await market.millrace('staging', 'clean', '--older-than', wrong);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/It must be (at least 10m|an age such as 30d)/);
  }
});
