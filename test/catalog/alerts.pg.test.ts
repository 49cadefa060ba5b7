import { expect, test } from 'vitest';
import type { Alert } from '../../src/core/alerts.js';
import { onBothDatabases } from './fresh-catalog.js';
import { at } from './sample-facts.js';

const FAILED: Alert = {
  key: 'run failed/shop/run-1',
  kind: 'run failed',
  severity: 'critical',
  title: 'shop failed',
  text: 'shop failed.\nMend it.',
  pipeline: 'shop',
  workflowId: 'shop',
  runId: 'run-1',
  at: at(1),
  details: { code: 'TABLE_MISSING' },
};

onBothDatabases((fresh) => {
  test('an alert is kept as it was told first, however often its key is told again', async () => {
    const { catalog } = await fresh();
    expect(await catalog.raiseAlert(FAILED)).toBe(true);
    expect(await catalog.raiseAlert({ ...FAILED, title: 'another' })).toBe(false);
    expect(await catalog.findAlert(FAILED.key)).toEqual({ ...FAILED, heldBack: false, acknowledged: null, deliveries: [] });
  });

  test('of many who tell the same at once, one is the first', async () => {
    const { catalog } = await fresh();
    const told = await Promise.all(Array.from({ length: 10 }, () => catalog.raiseAlert(FAILED)));
    expect(told.filter(Boolean)).toHaveLength(1);
  });

  test('nobody has been told of a key that was never raised', async () => {
    const { catalog } = await fresh();
    expect(await catalog.findAlert('none')).toBeUndefined();
  });
});
