import { expect, test } from 'vitest';
import { openLogWriter } from '../../src/catalog/index.js';
import type { LogLine } from '../../src/core/run-log.js';
import { onBothDatabases } from './fresh-catalog.js';
import { at, RUN } from './sample-facts.js';
import { until } from '../support/until.js';

function logLine(line: number, changes: Partial<LogLine> = {}): LogLine {
  return { ...RUN, attempt: 0, line, at: at(line), level: 'info', message: `line ${line}`, ...changes };
}

onBothDatabases((fresh) => {
  test('lines are kept with their facts, in order of time, each once', async () => {
    const { catalog } = await fresh();
    const second = logLine(2, { facts: { rows: 3, table: 'orders', late: true, note: null } });
    const ofStep = logLine(1, { step: 'load:orders', attempt: 2, level: 'warn' });
    await catalog.recordLog([second, logLine(1), ofStep]);
    await catalog.recordLog([logLine(1, { message: 'said again' }), second]);
    expect(await catalog.listLog(RUN.workflowId, RUN.runId)).toEqual([logLine(1), ofStep, second]);
    expect(await catalog.listLog(RUN.workflowId, 'another run')).toEqual([]);
  });

  test('a writer keeps what it was given when it is closed', async () => {
    const { catalog } = await fresh();
    const writer = openLogWriter(catalog);
    for (let line = 1; line <= 250; line += 1) writer.write(logLine(line));
    await writer.close();
    expect(await catalog.listLog(RUN.workflowId, RUN.runId)).toHaveLength(250);
  });

  test('lines wait for a catalog that is away, and come by themselves when it is back', async () => {
    const { catalog } = await fresh();
    let asked = 0;
    const writer = openLogWriter({
      recordLog: (lines) => (++asked === 1 ? Promise.reject(new Error('away')) : catalog.recordLog(lines)),
    });
    const kept = () => catalog.listLog(RUN.workflowId, RUN.runId);
    writer.write(logLine(1));
    await until(
      async () => (await kept()).length > 0,
      () => 'the line came',
    );
    writer.write(logLine(2));
    await writer.close();
    writer.write(logLine(3));
    expect(await kept()).toEqual([logLine(1), logLine(2)]);
    expect(asked).toBe(3);
  });
});
