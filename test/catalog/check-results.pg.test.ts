import { describe, expect, test } from 'vitest';
import type { Catalog, StepFinished } from '../../src/catalog/index.js';
import type { CheckResult } from '../../src/core/checks.js';
import { onBothDatabases } from './fresh-catalog.js';
import { at } from './sample-facts.js';

const PIPELINE = 'orders';
const STEP = 'check:volume';

function result(change: Partial<CheckResult> = {}): CheckResult {
  return {
    set: 'volume',
    name: 'enough rows',
    kind: 'rowCount',
    input: 'orders',
    severity: 'error',
    passed: true,
    observed: '10 rows',
    bound: 'at least 1',
    value: 10,
    examples: [],
    ...change,
  };
}

interface Told {
  readonly run: string;
  readonly value: number | null;
  readonly second: number;
  readonly partition?: string;
  readonly passed?: boolean;
  readonly overridden?: boolean;
  readonly attempt?: number;
  readonly loadScope?: string;
}

/** Tells of a run's check step: finished where it passed, failed where it did not. */
async function tell(catalog: Catalog, told: Told): Promise<void> {
  const { run: runId, value, second, partition, passed = true, overridden, attempt = 1, loadScope = runId } = told;
  const scope = { pipeline: PIPELINE, loadScope, namespace: 'default', ...(partition !== undefined && { partition }) };
  const checks = [result({ value, passed, ...(overridden !== undefined && { overridden }) })];
  const key = { workflowId: 'orders', runId, step: STEP, attempt } as const;
  const when = { startedAt: at(second), finishedAt: at(second + 1), runStartedAt: at(second), run: scope, checks };
  if (passed || overridden === true) {
    const checked = { passed: 1, failed: 0, results: [] };
    await catalog.recordStepFinished({ ...key, ...when, result: { checked }, inputs: [] } satisfies StepFinished);
  } else await catalog.recordStepFailed({ ...key, ...when, code: 'CHECK_FAILED', message: 'broken', willRetry: false });
}

onBothDatabases((fresh) => {
  const ask = (catalog: Catalog, change: Partial<Parameters<Catalog['checkHistory']>[0]> = {}): Promise<number[]> =>
    catalog.checkHistory({
      pipeline: PIPELINE,
      step: STEP,
      set: 'volume',
      name: 'enough rows',
      loadScope: 'asking',
      before: at(59),
      limit: 10,
      ...change,
    });

  describe('results of checks', () => {
    test('come back as they were told, once, of passed and of failed steps', async () => {
      const { catalog, contents } = await fresh();
      const broken = result({ passed: false, value: 0.1, examples: ['{"id":1}'], severity: 'warn' });
      const facts = { workflowId: 'orders', runId: 'r', step: STEP, attempt: 1, finishedAt: at(2) } as const;
      for (let twice = 0; twice < 2; twice++) {
        await catalog.recordStepFailed({
          ...facts,
          code: 'CHECK_FAILED',
          message: 'm',
          willRetry: false,
          checks: [broken, result()],
        });
      }
      expect(await catalog.listCheckResults('orders', 'r')).toEqual([
        { ...broken, step: STEP, judgedAt: at(2) },
        { ...result(), step: STEP, judgedAt: at(2) },
      ]);
      expect((await contents()).check_results).toHaveLength(2);
    });

    test('are those of the attempt that decided', async () => {
      const { catalog } = await fresh();
      await tell(catalog, { run: 'r', value: 1, second: 1, attempt: 1, passed: false });
      await tell(catalog, { run: 'r', value: 2, second: 1, attempt: 2 });
      expect(await catalog.listCheckResults('orders', 'r')).toMatchObject([{ value: 2, passed: true }]);
    });
  });

  describe('the history of a check', () => {
    test('has what passed before, latest first, and no more than is asked for', async () => {
      const { catalog } = await fresh();
      for (const second of [1, 2, 3, 4]) await tell(catalog, { run: `r${second}`, value: second * 10, second });
      expect(await ask(catalog)).toEqual([40, 30, 20, 10]);
      expect(await ask(catalog, { limit: 2 })).toEqual([40, 30]);
      expect(await ask(catalog, { before: at(3) })).toEqual([20, 10]);
    });

    test('leaves out what failed, unless somebody overrode it, and what had no value', async () => {
      const { catalog } = await fresh();
      await tell(catalog, { run: 'good', value: 10, second: 1 });
      await tell(catalog, { run: 'bad', value: 1, second: 2, passed: false });
      await tell(catalog, { run: 'overridden', value: 3, second: 3, passed: false, overridden: true });
      await tell(catalog, { run: 'void', value: null, second: 4 });
      expect(await ask(catalog)).toEqual([3, 10]);
    });

    test('leaves out the asking run and those it retries', async () => {
      const { catalog } = await fresh();
      await tell(catalog, { run: 'first', value: 10, second: 1 });
      await tell(catalog, { run: 'retried', value: 5, second: 2, loadScope: 'asking' });
      expect(await ask(catalog)).toEqual([10]);
    });

    test('has each partition once, as it was last, and not the asking one', async () => {
      const { catalog } = await fresh();
      await tell(catalog, { run: 'a1', value: 1, second: 1, partition: '2024-01' });
      await tell(catalog, { run: 'b', value: 2, second: 2, partition: '2024-02' });
      await tell(catalog, { run: 'a2', value: 3, second: 3, partition: '2024-01' });
      expect(await ask(catalog, { partition: '2024-03' })).toEqual([3, 2]);
      expect(await ask(catalog, { partition: '2024-02' })).toEqual([3]);
    });

    test('is of one pipeline, step, set and check', async () => {
      const { catalog } = await fresh();
      await tell(catalog, { run: 'r', value: 1, second: 1 });
      const others = [{ pipeline: 'other' }, { step: 'check:other' as const }, { set: 'other' }, { name: 'other' }];
      for (const other of others) expect(await ask(catalog, other)).toEqual([]);
    });
  });

  test('an override of an audit is kept as it was said first', async () => {
    const { catalog } = await fresh();
    const fact = { workflowId: 'w', runId: 'r', step: 'load:warehouse.orders', by: 'ada', reason: 'known', at: at(1) } as const;
    await catalog.recordAuditOverride(fact);
    await catalog.recordAuditOverride({ ...fact, reason: 'another', at: at(2) });
    expect(await catalog.listAuditOverrides('w', 'r')).toEqual([fact]);
    expect(await catalog.listAuditOverrides('w', 'other')).toEqual([]);
  });
});
