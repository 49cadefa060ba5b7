import { expect, test } from 'vitest';
import type { SchemaChangeRow } from '../../src/catalog/index.js';
import { runText } from '../../src/cli/run-text.js';
import { runView } from '../../src/operations/run-view.js';

const load = { step: 'load:warehouse.orders', target: 'warehouse.public.orders' } as const;

test('a run tells which columns its loads have added, widened and left out', () => {
  const schemaChanges: SchemaChangeRow[] = [
    { ...load, change: 'added', column: 'colour', from: null, to: 'text', rows: null },
    { ...load, change: 'widened', column: 'amount', from: 'integer', to: 'bigint', rows: null },
    { ...load, change: 'discarded', column: 'weight', from: 'DOUBLE', to: null, rows: 1200 },
  ];
  const view = runView(undefined, { steps: [], schemaChanges, checks: [], auditOverrides: [], decisions: [] }, undefined);
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
    runText(runView(undefined, { steps: [], schemaChanges: [], checks: [], auditOverrides: [], decisions: [] }, undefined)),
  ).not.toContain('Columns');
});
