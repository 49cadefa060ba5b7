import path from 'node:path';
import { expect, test } from 'vitest';
import { TerminalError } from '../../src/core/errors.js';
import { openSession, sessionOnDemand, type EngineSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';

function open(signal = new AbortController().signal): Promise<EngineSession> {
  return openSession({ memoryLimit: '500MB', threads: 1, spillDirectory: path.join(temporaryFolder(), 'spill') }, signal);
}

test('a running statement tells how many rows it has read', async () => {
  const session = await open();
  const file = path.join(temporaryFolder(), 'numbers.parquet');
  await session.run(`COPY (SELECT range AS n FROM range(3_000_000)) TO '${file}'`);
  const seen: number[] = [];
  const timer = setInterval(() => seen.push(session.rowsProcessed()), 5);
  await session.run(`SELECT max(md5(n::VARCHAR)) FROM read_parquet('${file}')`);
  clearInterval(timer);
  session.close();
  expect(seen.some((rows) => rows > 0 && rows <= 3_000_000)).toBe(true);
});

test('an abort ends the running statement at once, with the reason it was given, and refuses the next one', async () => {
  const controller = new AbortController();
  const session = await open(controller.signal);
  const running = session.run('SELECT count(*) FROM range(100_000) AS a, range(100_000) AS b WHERE a.range + b.range = -1');
  setTimeout(() => controller.abort(new TerminalError('CANCELLED', 'The step was cancelled.')), 200);
  const started = Date.now();
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(Date.now() - started).toBeLessThan(2000);
  await expect(session.run('SELECT 1')).rejects.toMatchObject({ code: 'CANCELLED' });
  session.close();
});

const LIMITS = { memoryLimit: '500MB', threads: 1, spillDirectory: '' };

test('a session on demand that no statement asked for has nothing to roll back, to count or to close', async () => {
  const session = sessionOnDemand({ ...LIMITS, memoryLimit: 'never looked at' }, new AbortController().signal);
  await session.rollback();
  expect(session.rowsProcessed()).toBe(0);
  expect(() => session.close()).not.toThrow();
});

test('a session on demand opens one DuckDB, for the first statement', async () => {
  const session = sessionOnDemand(LIMITS, new AbortController().signal);
  await Promise.all([session.run('CREATE TABLE once (n INTEGER)'), session.connect()]);
  expect(await session.rows("SELECT current_setting('TimeZone') AS zone FROM once RIGHT JOIN (SELECT 1) ON true")).toEqual([
    { zone: 'UTC' },
  ]);
  session.close();
});

test('a session on demand tells a limit that DuckDB refuses by its first statement', async () => {
  const session = sessionOnDemand({ ...LIMITS, memoryLimit: 'much' }, new AbortController().signal);
  await expect(session.run('SELECT 1')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  session.close();
});

test('a session on demand that is aborted before its first statement opens nothing', async () => {
  const controller = new AbortController();
  const session = sessionOnDemand({ ...LIMITS, memoryLimit: 'never looked at' }, controller.signal);
  controller.abort(new TerminalError('CANCELLED', 'The step was cancelled.'));
  await expect(session.run('SELECT 1')).rejects.toMatchObject({ code: 'CANCELLED' });
  session.close();
});

test('a session on demand that is closed while its DuckDB opens refuses the statement', async () => {
  const session = sessionOnDemand(LIMITS, new AbortController().signal);
  const running = session.run('SELECT 1');
  session.close();
  await expect(running).rejects.toThrow('closed before its first statement');
});

test('a memory limit that DuckDB cannot read is told as a mistake of the config', async () => {
  const limits = { memoryLimit: 'much', threads: 1, spillDirectory: temporaryFolder() };
  await expect(openSession(limits, new AbortController().signal)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('memoryLimit much'),
  });
});

test('a statement that needs more than its memory fails with a code and what to do', async () => {
  const session = await openSession({ memoryLimit: '20MB', threads: 1, spillDirectory: '' }, new AbortController().signal);
  await expect(session.run('SELECT list(range) FROM range(50_000_000)')).rejects.toMatchObject({
    code: 'MEMORY_EXCEEDED',
    message: expect.stringContaining('engine.memoryLimit'),
  });
  session.close();
});
