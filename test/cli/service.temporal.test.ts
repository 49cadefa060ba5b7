import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/dev/free-port.js';
import { temporaryFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { openMarket, type Market } from './market.js';
import { jsonLines, millrace, type RunningCommand } from './millrace.js';

let market: Market;
let service: RunningCommand;
let url: string;

beforeAll(async () => {
  market = await openMarket();
  await writeOrders(market.lake, 'sales.csv', 10, ['11,,3.5,2024-01']);
  service = market.start('serve', '--json', '--port', String(await freePort()));
  await service.until('"ready"');
  url = String(jsonLines(service.printed().stdout)[0]?.['url']);
});

afterAll(async () => {
  service?.process.kill('SIGTERM');
  await service?.end;
  await market?.close();
});

/** Runs a command in a folder without a project, on a machine that knows no Temporal server. */
function elsewhere(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return millrace([...args, '--project', temporaryFolder()], { TEMPORAL_ADDRESS: '127.0.0.1:1', ...env });
}

describe('with a service', () => {
  test('a run is started, followed, shown, listed and retried from a folder without a project', async () => {
    const params = '{"path":"sales.csv","maxRejected":0}';
    const run = await elsewhere(['run', 'sell', '--params', params, '--id', 'far', '--wait', '--service', url]);
    expect(run.stdout).toMatch(/^Started sell as far \(run [0-9a-f-]{36}\)\.$/m);
    expect(run.stdout).toMatch(/^extract:sales done/m);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('[CONTRACT_BREACH]') as string });
    const more = '{"path":"sales.csv","maxRejected":1}';
    const retried = await elsewhere(['retry', 'far', '--params', more, '--wait'], { MILLRACE_URL: url });
    expect(retried.stdout).toMatch(/^extract:sales reused/m);
    expect(retried).toMatchObject({ code: 0, stderr: '' });
    const shown = await elsewhere(['show', 'far', '--service', url]);
    expect(shown.stdout).toMatch(/^far {2}completed$/m);
    expect(shown.stdout).toMatch(/load:warehouse\.sold +done +10 /);
    const listed = await elsewhere(['runs', '--pipeline', 'sell', '--json', '--service', `${url}/`]);
    expect(jsonLines(listed.stdout).map(({ workflowId, status }) => [workflowId, status])).toEqual([
      ['far', 'completed'],
      ['far', 'failed'],
    ]);
    const told = jsonLines((await elsewhere(['logs', 'far', '--follow', '--json', '--service', url])).stdout);
    expect(told.map(({ step, message }) => [step, message])).toContainEqual([
      'load:warehouse.sold',
      expect.stringContaining('10') as string,
    ]);
    const cancelled = await elsewhere(['cancel', 'far', '--service', url]);
    expect(cancelled).toMatchObject({ code: 0, stdout: 'Run far had ended before: it is completed.\n' });
  });

  test('pipelines, datasets and its health are shown from anywhere, and the same without a service', async () => {
    const [sell] = jsonLines((await elsewhere(['pipelines', 'sell', '--json', '--service', url])).stdout);
    expect(sell).toMatchObject({ name: 'sell', schedule: null, lastRuns: [{ status: 'completed' }, { status: 'failed' }] });
    expect((await elsewhere(['pipelines', '--service', url])).stdout).toMatch(/^ *sell\b/m);
    const listed = await elsewhere(['datasets', '--pipeline', 'sell', '--json', '--limit', '1', '--service', url]);
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    const [newest] = jsonLines(listed.stdout);
    const one = await elsewhere(['datasets', String(newest?.['uri']), '--service', url]);
    expect(one).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('loaded into') as string });
    expect(one.stdout).toMatch(/judged +11 rows, of which 1 were rejected/);
    const here = await market.millrace('datasets', '--pipeline', 'sell', '--json', '--limit', '1');
    expect(jsonLines(here.stdout)[0]).toEqual(newest);
    expect(await elsewhere(['datasets', 'nothing', '--service', url])).toMatchObject({ code: 3 });
    const well = await elsewhere(['health', '--json', '--service', url]);
    expect(jsonLines(well.stdout)[0]).toMatchObject({ ok: true, catalog: { ok: true }, worker: { ok: true } });
    expect(well.code).toBe(0);
  });

  test('rejected rows are shown from anywhere, as without a service', async () => {
    const shown = await elsewhere(['quarantine', 'far', '--service', url]);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^validate:sales: 1 of 11 rows rejected by contract Sale$/m);
    expect(shown.stdout).toMatch(/sales\.csv:12$/m);
    expect(shown.stdout).toBe((await market.millrace('quarantine', 'far')).stdout);
    const { steps } = jsonLines((await elsewhere(['quarantine', 'far', '--json'], { MILLRACE_URL: url })).stdout)[0] as {
      steps: unknown;
    };
    expect(steps).toMatchObject([{ step: 'validate:sales', rejected: 1, sample: [{ source: 'sales.csv', line: 12 }] }]);
    expect(await elsewhere(['quarantine', 'nobody', '--service', url])).toMatchObject({ code: 3 });
    expect(await elsewhere(['quarantine', 'far', '--limit', '101', '--service', url])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('millrace quarantine export') as string,
    });
  });

  test('its pipelines and runs are offered to whoever completes a command line', async () => {
    expect((await millrace(['__complete', 'show', '--service', url, 'f'], {})).stdout).toBe('far\tcompleted\n');
    expect((await millrace(['__complete', 'pipelines', 'sel'], { MILLRACE_URL: url })).stdout).toBe('sell\tpipeline\n');
    expect(await millrace(['__complete', 'show', ''], { MILLRACE_URL: 'http://127.0.0.1:1' })).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  test('what it refuses has the code and the exit code that it has without one', async () => {
    expect(await elsewhere(['run', 'sel', '--service', url])).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/Did you mean "sell"\? \[PIPELINE_UNKNOWN\]/) as string,
    });
    expect(await elsewhere(['show', 'nobody', '--service', url])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('[RUN_UNKNOWN]') as string,
    });
  });

  test('a command line that names a Temporal server asks there, whatever the environment says', async () => {
    const shown = await market.millrace('show', 'nobody', '--address', market.env['TEMPORAL_ADDRESS'] ?? '');
    expect(shown.stderr).toContain('Neither Temporal nor the catalog knows a run nobody');
    const both = await elsewhere(['runs', '--service', url, '--address', '127.0.0.1:1']);
    expect(both).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--service and --address exclude each other/) as string,
    });
  });
});

describe('a service that cannot be asked is said', () => {
  test('with exit code 4 when nobody answers, and when it is no Millrace', async () => {
    const nobody = await elsewhere(['runs', '--service', 'http://127.0.0.1:1']);
    expect(nobody).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(
        /^error: No Millrace service answers at http:\/\/127\.0\.0\.1:1.*\[SERVICE_UNREACHABLE\]/,
      ) as string,
    });
    const other = createServer((_, response) => response.end('<html>It works!</html>')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect(await elsewhere(['runs', '--service', address])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`What answers at ${address} (HTTP 200) is no Millrace service.`) as string,
    });
    other.close();
  });

  test.each<{ why: string; env: Record<string, string>; secret?: string }>([
    { why: 'none', env: { MILLRACE_URL: 'localhost:8300' } },
    { why: 'a user or a password', env: { MILLRACE_URL: 'http://me:s3cret@127.0.0.1:1' }, secret: 's3cret' },
    { why: 'a line break', env: { MILLRACE_URL: 'http://127.0.0.1:1', MILLRACE_TOKEN: 'mr_s3cret\nX: y' }, secret: 's3cret' },
  ])('with exit code 2 when its address or token has $why, without telling the secret', async ({ why, env, secret }) => {
    const refused = await elsewhere(['runs'], env);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('[SERVICE_ADDRESS_INVALID]') as string });
    expect(refused.stderr).toContain(why);
    if (secret) expect(refused.stdout + refused.stderr).not.toContain(secret);
  });
});
