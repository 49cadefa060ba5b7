import { expect, test } from 'vitest';
import type { RunRow, SchemaChangeRow, StepRow } from '../../src/catalog/index.js';
import { runText } from '../../src/cli/run-text.js';
import { runView } from '../../src/operations/run-view.js';
import { at, RUN, runStarted } from '../catalog/sample-facts.js';

const load = { step: 'load:warehouse.orders', target: 'warehouse.public.orders' } as const;

test('a run tells which columns its loads have added, widened and left out', () => {
  const schemaChanges: SchemaChangeRow[] = [
    { ...load, change: 'added', column: 'colour', from: null, to: 'text', rows: null },
    { ...load, change: 'widened', column: 'amount', from: 'integer', to: 'bigint', rows: null },
    { ...load, change: 'discarded', column: 'weight', from: 'DOUBLE', to: null, rows: 1200 },
  ];
  const view = runView(
    undefined,
    { steps: [], schemaChanges, checks: [], auditOverrides: [], decisions: [], approvals: [] },
    undefined,
  );
  expect(view.schemaChanges).toEqual(schemaChanges);
  const [, told = ''] = runText(view).split('Columns that changed\n');
  expect(told.split('\n').map((line) => line.trim().split(/ {2,}/).at(-1))).toEqual([
    'added colour (text)',
    'widened amount (integer → bigint)',
    'discarded weight (DOUBLE), 1,200 rows with a value',
  ]);
});

test('a run whose loads changed no column says nothing of it', () => {
  expect(
    runText(
      runView(
        undefined,
        { steps: [], schemaChanges: [], checks: [], auditOverrides: [], decisions: [], approvals: [] },
        undefined,
      ),
    ),
  ).not.toContain('Columns');
});

const ROW: RunRow = {
  ...RUN,
  ...runStarted(),
  partition: '2001-01',
  owner: null,
  namespace: null,
  retryOf: { workflowId: 'flightDelays/2001-01', runId: 'run-0' },
  resetOf: null,
  status: 'running',
  finishedAt: null,
  error: null,
  result: null,
  code: 'c2',
  version: '1.1.0',
  changes: { params: ['month'], code: 'other', version: { from: '1.0.0', to: '1.1.0' } },
  paused: { since: at(5), by: 'ada', reason: 'the source is being reloaded' },
  waiting: [{ step: 'extract:flights', since: at(4), code: 'FILE_MISSING', message: 'no file' }],
};

function step(id: StepRow['step'], changes: Partial<StepRow>): StepRow {
  const [kind = '', name = ''] = id.split(':');
  const attempt = { attempt: 1, attempts: 1, startedAt: at(1), finishedAt: at(2), workerIdentity: null };
  const nothing = { result: null, inputs: [], error: null, skipped: null };
  return { ...RUN, ...attempt, ...nothing, step: id, kind: kind as StepRow['kind'], name, status: 'done', ...changes };
}

test('a run that people steer tells what holds it, what they did and what a retry does otherwise', () => {
  const steps = [
    step('extract:flights', { status: 'failed', error: { code: 'FILE_MISSING', message: 'no file', willRetry: false } }),
    step('extract:others', { status: 'skipped', skipped: 'extract:others' }),
    step('load:others', { status: 'skipped', skipped: 'extract:others' }),
  ];
  const decisions = [{ number: 1, action: 'skip', step: 'extract:others', by: 'bob', reason: 'no need', at: at(3) }] as const;
  const view = runView(ROW, { steps, schemaChanges: [], checks: [], auditOverrides: [], decisions, approvals: [] }, undefined);
  const text = runText(view);
  expect(text).toMatch(/paused +ada, .* UTC: the source is being reloaded/);
  expect(text).toMatch(/with +other month; other code; Millrace 1\.1\.0 instead of 1\.0\.0/);
  expect(text).toMatch(/extract:flights +waiting .*waits for a decision: no file/);
  expect(text).toMatch(/extract:others +skipped .*skipped by decision/);
  expect(text).toMatch(/load:others +skipped .*since extract:others was skipped/);
  expect(text).toMatch(/What was done to it\n +skip +extract:others +bob, .* UTC: no need/);
});
