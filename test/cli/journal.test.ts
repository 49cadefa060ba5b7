import { describe, expect, test } from 'vitest';
import type { RunRow, StepRow } from '../../src/catalog/index.js';
import { journalOf, type RunRecord } from '../../src/operations/journal.js';
import { at } from '../catalog/sample-facts.js';

const RUN: RunRow = {
  workflowId: 'sales',
  runId: 'run-1',
  firstRunId: 'run-1',
  pipeline: 'sell',
  partition: null,
  params: { path: 'a.csv' },
  owner: null,
  loadScope: 'sales/run-1/0',
  taskQueue: 'millrace',
  workerIdentity: 'w',
  namespace: null,
  retryOf: null,
  resetOf: null,
  code: null,
  version: null,
  changes: null,
  paused: null,
  waiting: [],
  status: 'failed',
  startedAt: at(0),
  finishedAt: at(30),
  result: null,
  error: { code: 'CONNECTION_LOST', message: 'Step load:sold failed after 2 attempts: The connection broke. [CONNECTION_LOST]' },
};

function attempt(number: number, changes: Partial<StepRow>): StepRow {
  return {
    workflowId: 'sales',
    runId: 'run-1',
    step: 'load:sold',
    kind: 'load',
    name: 'sold',
    attempt: number,
    attempts: number,
    status: 'running',
    startedAt: at(number * 10),
    finishedAt: null,
    workerIdentity: 'w',
    result: null,
    inputs: [],
    skipped: null,
    error: null,
    ...changes,
  };
}

function messages(changes: Partial<RunRecord>): string[] {
  const record = { run: RUN, attempts: [], takenOver: [], log: [], interventions: [], ...changes };
  return journalOf(record).map(
    ({ at: time, level, step, message }) => `${time.slice(17, 19)} ${level} ${step ?? '-'} ${message}`,
  );
}

describe('the journal of a run', () => {
  test('shows each attempt of a step, and whether another one follows', () => {
    const error = { code: 'CONNECTION_LOST', message: 'The connection broke.', willRetry: true };
    const first = attempt(1, { status: 'failed', finishedAt: at(15), error });
    const second = attempt(2, { status: 'failed', finishedAt: at(25), error: { ...error, willRetry: false } });
    expect(messages({ attempts: [first, second] })).toEqual([
      '00 info - Run of sell started with {"path":"a.csv"}.',
      '10 info load:sold Started on w.',
      '15 warn load:sold Failed: The connection broke. [CONNECTION_LOST] It is tried again.',
      '20 info load:sold Attempt 2 started on w.',
      '25 error load:sold Failed: The connection broke. [CONNECTION_LOST]',
      '30 error - Run failed: Step load:sold failed after 2 attempts: The connection broke. [CONNECTION_LOST]',
    ]);
  });

  test('says of an attempt whose worker was killed that it gave no sign of life', () => {
    const attempts = [attempt(1, {}), attempt(2, {})];
    expect(messages({ attempts })[2]).toBe('20 warn load:sold Attempt 1 gave no sign of life any more; another one begins.');
  });

  test('puts what the pipeline logged and what came from outside into the order of time, and the end last', () => {
    const { workflowId, runId } = RUN;
    const line = { workflowId, runId, attempt: 0, level: 'warn', message: 'Half of it is missing.' } as const;
    const told = messages({
      run: { ...RUN, status: 'cancelled', error: { code: 'CANCELLED', message: 'Cancelled' } },
      log: [{ ...line, line: 1, at: at(30) }],
      interventions: [{ event: 7, at: at(29), message: 'anna asked the run to stop' }],
    });
    expect(told.slice(1)).toEqual([
      '29 warn - anna asked the run to stop.',
      '30 warn - Half of it is missing.',
      '30 error - Run cancelled: Cancelled [CANCELLED]',
    ]);
  });

  test('names the run from which a step was taken over', () => {
    const done = attempt(1, { runId: 'run-0', workflowId: 'earlier', status: 'done', finishedAt: at(11) });
    const [, taken] = messages({ run: { ...RUN, retryOf: { workflowId: 'earlier', runId: 'run-0' } }, takenOver: [done] });
    expect(taken).toMatch(/^00 info load:sold Taken over from run earlier@run-0: /);
  });
});
