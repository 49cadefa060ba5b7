import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeOrders } from '../support/orders-file.js';
import { openMarket, type Market } from './market.js';
import { jsonLines, millrace } from './millrace.js';

let market: Market;

beforeAll(async () => {
  market = await openMarket();
  await writeOrders(market.lake, 'sales.csv', 100, ['101,,3.5,2024-01', '102,anna,-1,2024-01', '103,anna,-2,2024-01']);
});

afterAll(() => market.close());

describe('run', () => {
  test('with --wait shows the steps, then the end', async () => {
    const done = await market.millrace('run', 'sell', '--params', '{"path":"sales.csv"}', '--id', 'sale-1', '--wait');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^Started sell as sale-1 \(run [0-9a-f-]{36}\)\.$/m);
    expect(done.stdout).toMatch(/^validate:sales done, 100 rows, 3 rejected, \d+\.\d s$/m);
    expect(done.stdout).toMatch(/^load:warehouse\.sold done, 100 rows/m);
    expect(done.stdout).toMatch(/^Run sale-1 completed\.$/m);
    expect(await market.db.query('select count(*)::int as rows from sold')).toEqual([{ rows: 100 }]);
  });

  test('with --wait --json prints an object a line, the result in the last', async () => {
    const done = await market.millrace('run', 'sell', '--params', '{"path":"sales.csv"}', '--wait', '--json');
    const events = jsonLines(done.stdout);
    expect(done.code).toBe(0);
    expect(events[0]).toMatchObject({ event: 'started', pipeline: 'sell', taskQueue: market.taskQueue });
    expect(events.at(-1)).toMatchObject({ event: 'ended', status: 'completed', result: { mode: 'merge', rows: 100 } });
    expect(events.filter(({ event, status }) => event === 'step' && status === 'done')).toHaveLength(3);
  });

  test('that its pipeline refuses exits with 2 and names every wrong parameter, also without --wait', async () => {
    const refused = await market.millrace('run', 'sell', '--params', '{"path":7,"colour":"red"}');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^error: .*path: .*colour.*\[PARAMETERS_INVALID\]\n {2}Correct the named fields/m);
  });

  test('that fails exits with 1, and tells the error', async () => {
    const failed = await market.millrace('run', 'sell', '--params', '{"path":"none.csv"}', '--id', 'sale-none', '--wait');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^error: Step extract:sales failed: .*none\.csv.*\[FILE_MISSING\]\n {2}Check the path/);
  });

  test('of a pipeline that Millrace brings copies tables', async () => {
    const params = '{"from":"warehouse","to":"warehouse","tables":["public.sold"],"schema":"copied"}';
    const done = await market.millrace('run', 'replicate', '--params', params, '--wait');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^discover:warehouse done/m);
    expect(done.stdout).toMatch(/^load:warehouse\.copied\.sold done, 100 rows/m);
    expect(await market.db.query('select count(*)::int as rows from copied.sold')).toEqual([{ rows: 100 }]);
  });

  test('of an unknown pipeline exits with 3 and names those there are', async () => {
    const unknown = await market.millrace('run', 'sel', '--json');
    expect(unknown.code).toBe(3);
    expect(jsonLines(unknown.stderr)).toEqual([
      {
        error: {
          code: 'PIPELINE_UNKNOWN',
          message: expect.stringMatching(
            /no pipeline "sel"\. It has: sell, chatter, peek, replicate, replayQuarantine, housekeeping\. Did you mean "sell"\?$/,
          ) as string,
          remedy: expect.any(String) as string,
        },
      },
    ]);
  });
});

describe('looking at runs', () => {
  test('show tells state, steps, targets and why rows were rejected', async () => {
    const shown = await market.millrace('show', 'sale-1');
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^sale-1 {2}completed$/m);
    expect(shown.stdout).toMatch(/parameters +\{"path":"sales.csv"\}/);
    expect(shown.stdout).toMatch(/load:warehouse\.sold +done +100 .*warehouse\.public\.sold/);
    expect(shown.stdout).toMatch(/validate:sales +2 +amount: /);
    const json = JSON.parse((await market.millrace('show', 'sale-1', '--json')).stdout) as Record<string, unknown>;
    expect(json).toMatchObject({ status: 'completed', owner: 'market@example.com', params: { path: 'sales.csv' }, error: null });
    expect(json['steps']).toMatchObject([{ step: 'extract:sales' }, { rejected: 3 }, { rows: 100 }]);
  });

  test('runs lists them, latest first, as a table or an object a line', async () => {
    const [table, json] = await Promise.all([market.millrace('runs'), market.millrace('runs', '--status', 'failed', '--json')]);
    expect(table.stdout).toMatch(/^ *run +state +started \(UTC\)/);
    expect(table.stdout).toMatch(/sale-none +failed .*FILE_MISSING/);
    expect(table.stdout.indexOf('sale-none')).toBeLessThan(table.stdout.indexOf('sale-1'));
    expect(jsonLines(json.stdout).map(({ status }) => status)).toContain('failed');
    expect(jsonLines(json.stdout).map(({ workflowId }) => workflowId)).not.toContain('sale-1');
    expect((await market.millrace('runs', '--pipeline', 'nothing')).stdout).toBe('No runs, as far as they are asked for.\n');
  });

  test('quarantine groups the reasons and shows rows with their file and line', async () => {
    const shown = await market.millrace('quarantine', 'sale-1', '--limit', '2');
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^validate:sales: 3 of 103 rows rejected by contract Sale$/m);
    expect(shown.stdout).toMatch(/^ *2 +amount: /m);
    expect(shown.stdout).toMatch(/sales\.csv:102$/m);
    expect(shown.stdout).toMatch(/… 1 more/);
    const json = JSON.parse((await market.millrace('quarantine', 'sale-1', '--json')).stdout) as {
      steps: { sample: { line: number; row: unknown; reasons: { path: string; value: string }[] }[] }[];
    };
    expect(json.steps[0]?.sample.map(({ line }) => line)).toEqual([102, 103, 104]);
    expect(json.steps[0]?.sample[1]?.reasons).toMatchObject([{ path: 'amount', value: '-1' }]);
  });

  test('history lists the events, and saves them as Temporal itself does', async () => {
    const listed = await market.millrace('history', 'sale-1');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toMatch(/^ {4}1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}WorkflowExecutionStarted {2}sell$/m);
    expect(listed.stdout).toMatch(/ActivityTaskScheduled {2}load:warehouse\.sold$/m);
    expect(listed.stdout).toMatch(/ActivityTaskCompleted {2}load:warehouse\.sold$/m);
    const events = jsonLines((await market.millrace('history', 'sale-1', '--json')).stdout);
    expect(events.at(-1)).toMatchObject({ id: events.length, type: 'WorkflowExecutionCompleted' });
    const file = join(market.lake, 'history.json.gz');
    const saved = await market.millrace('history', 'sale-1', '--save', file);
    expect(saved.stdout).toContain(`Saved ${events.length} events to ${file}.`);
    const document = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { readonly events: readonly unknown[] };
    expect(document.events).toEqual(events.map(({ event }) => event));
    const nowhere = await market.millrace('history', 'sale-1', '--save', join(market.lake, 'none', 'history.json'));
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('[COMMAND_INVALID]') as string });
  });

  test('housekeeping tells what it would remove: without retention nothing', async () => {
    const told = await market.millrace('housekeeping', '--dry-run');
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toMatch(/^Would remove, 0 B of files:\n {2}staging {3}nothing$/m);
  });

  test('an unknown run exits with 3, whatever is asked of it', async () => {
    for (const command of ['show', 'cancel', 'retry']) {
      const unknown = await market.millrace(command, 'nobody');
      expect({ command, code: unknown.code, stderr: unknown.stderr }).toEqual({
        command,
        code: 3,
        stderr: expect.stringMatching(/nobody.*\[RUN_UNKNOWN\]/) as string,
      });
    }
  });
});

describe('retry', () => {
  test('takes over what was finished and does the rest', async () => {
    await writeOrders(market.lake, 'strict.csv', 10, ['11,,3.5,2024-01']);
    const params = '{"path":"strict.csv","maxRejected":0}';
    const first = await market.millrace('run', 'sell', '--params', params, '--id', 'strict', '--wait');
    expect(first.code).toBe(1);
    expect(first.stderr).toContain('[CONTRACT_BREACH]');
    const rejected = await market.millrace('quarantine', 'strict');
    expect(rejected.stdout).toMatch(/strict\.csv:12$/m);
    const again = await market.millrace('retry', 'strict', '--params', '{"path":"strict.csv","maxRejected":1}', '--wait');
    expect(again.stdout).toMatch(/^extract:sales reused/m);
    expect(again.stdout).toMatch(/^load:warehouse\.sold done, 10 rows/m);
    expect(again.code).toBe(0);
    const shown = await market.millrace('show', 'strict');
    expect(shown.stdout).toMatch(/retries +strict@/);
    expect(shown.stdout).toMatch(/extract:sales +reused/);
  });

  test('publishes in spite of an audit only with a reason, which show tells', async () => {
    await writeOrders(market.lake, 'many.csv', 10);
    const params = '{"path":"many.csv","audit":true}';
    const first = await market.millrace('run', 'sell', '--params', params, '--id', 'audited', '--wait');
    expect(first).toMatchObject({ code: 1, stderr: expect.stringContaining('"few sales" found in "sales": 10 rows') as string });
    expect((await market.millrace('show', 'audited')).stdout).toMatch(
      /load:warehouse\.sold +few sales +failed +10 rows; wanted: at most 5/,
    );
    const override = ['retry', 'audited', '--override-audit', 'warehouse.sold'];
    for (const wrong of [override, ['retry', 'audited', '--reason', 'x']]) {
      expect(await market.millrace(...wrong)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('[RETRY_INVALID]') as string,
      });
    }
    const again = await market.millrace(...override, '--reason', 'a fair', '--as', 'ada', '--wait');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^load:warehouse\.sold done, 10 rows/m) as string });
    const shown = await market.millrace('show', 'audited');
    expect(shown.stdout).toMatch(/few sales +overridden +10 rows/);
    expect(shown.stdout).toMatch(/Audits overridden\n +load:warehouse\.sold +ada, .* UTC: a fair/);
    const json = JSON.parse((await market.millrace('show', 'audited', '--json')).stdout) as Record<string, unknown>;
    expect(json).toMatchObject({ checks: [{ overridden: true, value: 10 }], auditOverrides: [{ by: 'ada', reason: 'a fair' }] });
  });

  test('from a step that the run does not have names those it has', async () => {
    const refused = await market.millrace('retry', 'sale-1', '--from', 'polish');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /no step "polish"\. Its steps are: extract:sales, validate:sales, load:warehouse\.sold\. \[RETRY_INVALID\]/,
    );
  });
});

describe('a run that takes long', () => {
  test('goes on after Ctrl-C, refuses a second start of its id, and is cancelled by the command that was printed', async () => {
    await market.db.query('create table public.locked (id int)');
    await market.db.query('begin');
    await market.db.query('lock table public.locked');
    const watching = market.start('run', 'peek', '--params', '{"table":"public.locked"}', '--id', 'long', '--wait');
    await watching.until('extract:rows running');
    watching.process.kill('SIGINT');
    const left = await watching.end;
    expect(left.code).toBe(130);
    const printed = /To cancel it: millrace (cancel long@[0-9a-f-]+)/.exec(left.stdout)?.[1] ?? '';
    expect((await market.millrace('runs')).stdout).toMatch(/long +running/);
    const second = await market.millrace('run', 'peek', '--params', '{"table":"public.locked"}', '--id', 'long');
    expect(second).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/run long is running already.*\[RUN_ALREADY_RUNNING\]/) as string,
    });
    const cancelled = await market.millrace(...printed.split(' '));
    expect(cancelled.stdout).toMatch(/^Run long was asked to stop/);
    await expect
      .poll(async () => (await market.millrace('show', 'long')).stdout, { timeout: 30_000, interval: 500 })
      .toMatch(/^long {2}cancelled/);
    await market.db.query('rollback');
    expect((await market.millrace('cancel', 'long', '--json')).stdout).toMatch(/"requested":false,"state":"cancelled"/);
  }, 120_000);
});

describe('what is missing is said', () => {
  test('a task queue that no worker polls', async () => {
    const project = ['--project', join(import.meta.dirname, '../fixtures/market')];
    const env = { ...market.env, MARKET_QUEUE: `${market.taskQueue}-none` };
    const started = await millrace(['run', 'sell', '--id', 'lonely', '--params', '{"path":"sales.csv"}', ...project], env);
    expect(started).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^No worker polls task queue "cli-.*-none"/) as string,
    });
    expect((await millrace(['show', 'lonely', ...project], env)).stderr).toMatch(/^No worker polls/);
    await millrace(['cancel', 'lonely', ...project], env);
  });

  test('a Temporal server that does not answer, with exit code 4 and soon', async () => {
    const before = Date.now();
    const project = ['--project', join(import.meta.dirname, '../fixtures/market')];
    const failed = await millrace(['run', 'sell', ...project], { ...market.env, TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(failed.code).toBe(4);
    expect(failed.stderr).toMatch(
      /^error: No Temporal server answers at 127\.0\.0\.1:1: .* Start one with `millrace dev` .*\[TEMPORAL_UNREACHABLE\]\n$/,
    );
    expect(Date.now() - before).toBeLessThan(20_000);
  });

  test('a finished run that only the catalog can tell of is shown from there', async () => {
    const project = ['--project', join(import.meta.dirname, '../fixtures/market')];
    const shown = await millrace(['show', 'sale-1', ...project], { ...market.env, TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sale-1 {2}completed/) as string });
    expect(shown.stderr).toContain('as the catalog last knew it');
  });

  test('rejected rows that are gone from staging', async () => {
    const { steps } = jsonLines((await market.millrace('show', 'sale-1', '--json')).stdout)[0] as {
      steps: { step: string; dataset: string | null }[];
    };
    const judged = steps.find(({ step }) => step === 'validate:sales')?.dataset ?? 'none';
    rmSync(join(market.env['MARKET_STAGING'] ?? '', dirname(judged), 'rejects.parquet'));
    const shown = await market.millrace('quarantine', 'sale-1');
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('The rows are gone from staging') as string });
  });
});

describe('connections check', () => {
  test('says what answers', async () => {
    const checked = await market.millrace('connections', 'check');
    expect(checked.code).toBe(0);
    expect(checked.stdout).toMatch(/lake +files +ok/);
    expect(checked.stdout).toMatch(/warehouse +postgres +ok .*PostgreSQL/);
  });

  test('says what refuses, without its password, with the code of the worst', async () => {
    const project = ['--project', join(import.meta.dirname, '../fixtures/market')];
    const env = { ...market.env, MARKET_WAREHOUSE: 'postgres://someone:s3cretword@127.0.0.1:1/none' };
    const checked = await millrace(['connections', 'check', '--json', ...project], env);
    expect(checked.code).toBe(4);
    expect(jsonLines(checked.stdout)).toMatchObject([
      { name: 'lake', ok: true },
      { name: 'warehouse', ok: false, error: { code: 'CONNECTION_REFUSED' } },
    ]);
    expect(checked.stdout + checked.stderr).not.toContain('s3cretword');
    expect((await millrace(['connections', 'check', 'lakes', ...project], env)).code).toBe(2);
  });
});
