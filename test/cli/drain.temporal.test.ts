import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMarket, type Market } from './market.js';
import { jsonLines, startMillrace, type RunningCommand } from './millrace.js';

let market: Market;

beforeAll(async () => {
  market = await openMarket();
  await market.db.query('create table busy (id int)');
});

afterAll(() => market.close());

/** A worker on a task queue of its own, with a step that waits for a locked table. */
async function busyWorker(name: string, ...flags: string[]): Promise<RunningCommand> {
  const env = { ...market.env, MARKET_QUEUE: `${market.taskQueue}-${name}` };
  const project = ['--project', market.directory];
  const worker = startMillrace(['worker', ...flags, ...project], env);
  await worker.until(flags.includes('--json') ? '"ready"' : 'Ctrl-C stops it');
  await market.db.query('begin');
  await market.db.query('lock table busy');
  await startMillrace(['run', 'peek', '--params', '{"table":"busy"}', '--id', name, ...project], env).end;
  const following = startMillrace(['logs', name, '-f', ...project], env);
  await following.until('extract:rows  Started');
  following.process.kill('SIGINT');
  return worker;
}

/** npm sends a signal on that the terminal has sent already: what comes that soon is the same one. */
const laterThanTheSame = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 900));

describe('a worker that is told to stop', () => {
  test('says so, lets its steps finish, and exits with 0', async () => {
    const worker = await busyWorker('drained');
    worker.process.kill('SIGTERM');
    await worker.until('Stopping: 1 step at work has 25 s to finish');
    expect(worker.process.exitCode).toBeNull();
    await market.db.query('rollback');
    const { code, stdout } = await worker.end;
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nThe worker has stopped\.\n$/);
  });

  test('stops at once at a second signal, with the exit code that shells give for it', async () => {
    const worker = await busyWorker('at-once', '--json');
    worker.process.kill('SIGINT');
    await worker.until('"stopping"');
    await laterThanTheSame();
    const asked = Date.now();
    worker.process.kill('SIGINT');
    const end = await worker.end;
    await market.db.query('rollback');
    expect(Date.now() - asked).toBeLessThan(2_000);
    expect(end.code).toBe(130);
    expect(jsonLines(end.stdout).map(({ event }) => event)).toEqual(['ready', 'stopping']);
  });

  test('interrupts a step that takes longer than its grace, on whatever queue, and another worker begins it at once', async () => {
    const queues = ['--queues', `${market.taskQueue}-long,${market.taskQueue}-other`];
    const worker = await busyWorker('long', '--json', '--grace', '500ms', ...queues);
    const env = { ...market.env, MARKET_QUEUE: `${market.taskQueue}-long` };
    const other = startMillrace(['worker', '--json', '--project', market.directory], env);
    await other.until('"ready"');
    worker.process.kill('SIGTERM');
    const { code, stdout } = await worker.end;
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([
      { event: 'ready', taskQueue: `${market.taskQueue}-long`, queues: queues[1]?.split(',') },
      { event: 'stopping', steps: 1, graceMs: 500 },
      { event: 'stopped', end: 'drained' },
    ]);
    await market.db.query('rollback');
    await startMillrace(['logs', 'long', '-f', '--project', market.directory], env).end;
    const { stdout: shown } = await startMillrace(['show', 'long', '--json', '--project', market.directory], env).end;
    expect(jsonLines(shown)[0]).toMatchObject({ status: 'completed', steps: [{ attempts: 2 }] });
    const health = await startMillrace(['health', '--project', market.directory], env).end;
    expect(health.stdout).toContain(`\ntask queue "${market.taskQueue}-long"\n`);
    expect(health.stdout).toMatch(new RegExp(`\\n +${other.process.pid}@\\S+ +runs and steps +last asked`));
    other.process.kill('SIGTERM');
    expect((await other.end).code).toBe(0);
    // Seven processes, one after another.
  }, 120_000);

  test('takes a signal that comes twice at once for one', async () => {
    const worker = startMillrace(['worker', '--json', '--project', market.directory], market.env);
    await worker.until('"ready"');
    worker.process.kill('SIGINT');
    worker.process.kill('SIGINT');
    const { code, stdout } = await worker.end;
    expect(code).toBe(0);
    expect(jsonLines(stdout).slice(1)).toEqual([
      { event: 'stopping', steps: 0, graceMs: 25_000 },
      { event: 'stopped', end: 'drained' },
    ]);
  });
});
