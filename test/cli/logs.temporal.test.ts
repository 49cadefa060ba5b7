import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporalCli } from '../support/temporal.js';
import { writeOrders } from '../support/orders-file.js';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openMarket, type Market } from './market.js';
import { jsonLines, millrace } from './millrace.js';

let market: Market;

beforeAll(async () => {
  market = await openMarket();
  await writeOrders(market.lake, 'sales.csv', 100, ['101,,3.5,2024-01', '102,anna,-1,2024-01']);
  await market.db.query('create table busy (id int)');
});

afterAll(() => market.close());

async function sell(id: string, params: object): Promise<void> {
  await market.millrace('run', 'sell', '--params', JSON.stringify(params), '--id', id, '--wait');
}

/** Starts a run whose step waits for a table that is locked; gives what lets it go on. */
async function startWaiting(id: string): Promise<() => Promise<void>> {
  await market.db.query('begin');
  await market.db.query('lock table busy');
  await market.millrace('run', 'peek', '--params', '{"table":"busy"}', '--id', id);
  return async () => void (await market.db.query('rollback'));
}

describe('logs', () => {
  test('tells a run’s beginning, its steps with their rows and rejects, what the pipeline logged, and its end', async () => {
    await sell('told', { path: 'sales.csv' });
    const { code, stdout, stderr } = await market.millrace('logs', 'told');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}(info|warn|error) /);
    const told = lines.map((line) => line.slice(32));
    expect(told[0]).toMatch(/^Run of sell started with \{"path":"sales.csv"\}\.$/);
    expect(told[1]).toMatch(/^extract:sales {2}Started on \d+@/);
    expect(told.find((line) => line.startsWith('validate:sales  Done'))).toMatch(
      /Done: 100 rows, 2 rejected \(.*customer: .*\(1\).*\), \d+\.\d s\.$/,
    );
    expect(told).toContain('Judged the sales. {"path":"sales.csv","rows":100}');
    expect(told.find((line) => line.startsWith('load:warehouse.sold  Done'))).toMatch(
      /Done: 100 rows into warehouse\.public\.sold by merge/,
    );
    expect(told.at(-1)).toBe('Run completed.');
    expect(told.findIndex((line) => line.startsWith('Judged'))).toBeGreaterThan(
      told.findIndex((line) => line.startsWith('validate:sales  Done')),
    );
  });

  test('as JSON has an object a line', async () => {
    const lines = jsonLines((await market.millrace('logs', 'told', '--json')).stdout);
    expect(lines.map(({ source }) => source)).toEqual(['run', 'step', 'step', 'step', 'step', 'pipeline', 'step', 'step', 'run']);
    expect(lines[5]).toMatchObject({
      level: 'info',
      step: null,
      attempt: null,
      message: 'Judged the sales.',
      facts: { rows: 100 },
    });
    expect(lines[1]).toMatchObject({ step: 'extract:sales', attempt: 1, facts: null });
  });

  test('tells why a run failed, with the code', async () => {
    await sell('untold', { path: 'none.csv' });
    const { stdout } = await market.millrace('logs', 'untold');
    expect(stdout).toMatch(/ error {2}extract:sales {2}Failed: .*none\.csv.*\[FILE_MISSING\]$/m);
    expect(stdout).toMatch(/ error {2}Run failed: .*\[FILE_MISSING\]$/m);
  });

  test('of a run that says too much keeps 1,000 lines of bounded length, and says so; its history stays small', async () => {
    await market.millrace('run', 'chatter', '--id', 'much', '--wait');
    const lines = jsonLines((await market.millrace('logs', 'much', '-f', '--json')).stdout).filter(
      ({ source }) => source === 'pipeline',
    );
    expect(lines).toHaveLength(1_000);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', message: expect.stringContaining('1000 lines') as string });
    expect(Math.max(...lines.map(({ message }) => String(message).length))).toBeLessThanOrEqual(2_001);
    expect(lines[0]?.['facts']).toEqual({ long: 'y'.repeat(200), line: 1 });
    const { historyEvents } = JSON.parse((await market.millrace('show', 'much', '--json')).stdout) as { historyEvents: number };
    expect(historyEvents).toBeLessThan(12);
  });

  test('of an unknown run exits with 3', async () => {
    const unknown = await market.millrace('logs', 'nobody', '-f');
    expect(unknown).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('[RUN_UNKNOWN]') as string });
  });

  test('says who ended a run from outside', async () => {
    const unlock = await startWaiting('killed');
    await promisify(execFile)(await temporalCli(), [
      'workflow',
      'terminate',
      '--workflow-id',
      'killed',
      '--reason',
      'it was only a trial',
      '--address',
      market.env['TEMPORAL_ADDRESS'] ?? '',
    ]);
    await unlock();
    expect((await market.millrace('logs', 'killed', '-f')).stdout).toMatch(
      / warn {3}\S+ terminated the run: it was only a trial\.$/m,
    );
  });
});

describe('logs -f', () => {
  test('goes on until the run has ended', async () => {
    const unlock = await startWaiting('followed');
    const following = market.start('logs', 'followed', '-f');
    await following.until('extract:rows  Started');
    expect(following.printed().stdout).not.toContain('Done');
    await unlock();
    const { code, stdout } = await following.end;
    expect(code).toBe(0);
    expect(stdout).toMatch(/extract:rows {2}Done: 0 rows, .*\n.* Run completed\.\n$/);
    expect(stdout.match(/Started on/g)).toHaveLength(1);
  });

  test('leaves the run alone on Ctrl-C', async () => {
    const unlock = await startWaiting('left');
    const following = market.start('logs', 'left', '-f');
    await following.until('extract:rows  Started');
    following.process.kill('SIGINT');
    expect((await following.end).code).toBe(130);
    expect(JSON.parse((await market.millrace('show', 'left', '--json')).stdout)).toMatchObject({ status: 'running' });
    await market.millrace('cancel', 'left');
    const { stdout } = await market.millrace('logs', 'left', '-f');
    await unlock();
    expect(stdout).toMatch(/ asked the run to stop\.$/m);
    expect(stdout).toMatch(/ Run cancelled: /);
  });

  test('shows what the catalog has when Temporal is away', async () => {
    const withServer = await market.millrace('logs', 'told', '-f', '--json');
    const away = await millrace(['logs', 'told', '-f', '--json', '--project', market.directory], {
      ...market.env,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    });
    expect(away).toMatchObject({ code: 0, stdout: withServer.stdout });
    expect(away.stderr).toMatch(/No Temporal server answers.* The log is shown as the catalog has it\./);
  });
});
