import { expect, test } from 'vitest';
import type { QuarantineRow, StepRow } from '../../src/catalog/index.js';
import { waiting, type RunProgress } from '../../src/dev/follow-run.js';
import { runFacts } from '../../src/dev/run-facts.js';
import { summaryText } from '../../src/dev/summary.js';
import { clip, openTerminal } from '../../src/dev/terminal.js';

const { paint } = openTerminal(process.stdout, { NO_COLOR: '1' });

test('the summary has rows read, accepted, rejected and why, loaded, and the time of each step', () => {
  const text = summaryText([runFacts(progress(), [QUARANTINE])], paint);
  expect(text).toMatch(/flightDelays 2001-01 +completed +1,003 +1,000 +3 +56 +5\.0 s/);
  expect(text).toMatch(/3 +flights +delay +too_small +Too small/);
  expect(text).toMatch(/validate flights +2\.0 s/);
  expect(text).toMatch(/load delays_by_state +1\.0 s \*\n.*\* already there/s);
});

test('a failed run is listed with its message and code', () => {
  const failed: RunProgress = { ...progress(), status: 'failed', error: { code: 'TABLE_MISSING', message: 'No table "x".' } };
  expect(summaryText([runFacts(failed)], paint)).toContain('failed flightDelays 2001-01: No table "x". [TABLE_MISSING]');
});

test('a line is cut to the width of the terminal, and colour codes take no room', () => {
  expect(clip('\u001b[31mabcdef\u001b[0m', 4)).toBe('\u001b[31mabc\u001b[0m');
  expect(clip('äöü', 10)).toBe('äöü');
});

const QUARANTINE: QuarantineRow = {
  workflowId: 'flightDelays/2001-01',
  runId: 'r',
  step: 'validate:flights',
  attempt: 1,
  dataset: 'flights',
  datasetUri: 'x',
  contract: 'Flight',
  contractHash: 'h',
  rejects: 'x',
  rows: 3,
  rowsRead: 1003,
  accepted: 1000,
  reasons: [{ code: 'too_small', path: 'delay', message: 'Too small', rows: 3 }],
};

function progress(): RunProgress {
  const run = {
    workflowId: 'flightDelays/2001-01',
    pipeline: 'flightDelays',
    params: {},
    partition: '2001-01',
    title: 'flightDelays 2001-01',
  };
  const dataset = { name: 'flights', uri: 'x', rows: 1000, bytes: 1, content: 'c', schema: 's', parents: [] };
  return {
    ...waiting(run),
    status: 'completed',
    startedAt: 0,
    finishedAt: 5_000,
    steps: [
      step('validate', 'flights', 2_000, { dataset, rowsRead: 1003, rejected: 3, reused: false }),
      step('load', 'delays_by_state', 1_000, {
        load: { target: 't', mode: 'merge', rows: 56, replaced: 0, alreadyDone: true, loadId: 'l', created: false },
      }),
    ],
  };
}

function step(kind: StepRow['kind'], name: string, durationMs: number, result: StepRow['result']): StepRow {
  return {
    workflowId: 'w',
    runId: 'r',
    step: `${kind}:${name}`,
    kind,
    name,
    attempt: 1,
    attempts: 1,
    status: 'done',
    startedAt: new Date(0).toISOString(),
    finishedAt: new Date(durationMs).toISOString(),
    workerIdentity: null,
    result,
    inputs: [],
    skipped: null,
    error: null,
  };
}
