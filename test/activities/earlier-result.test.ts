import { expect, test } from 'vitest';
import { besideEarlier, standsFor } from '../../activities/earlier-result.js';
import type { DatasetStepResult, LoadStepResult } from '../../src/core/steps.js';

const earlier = { workflowId: 'w', runId: 'r', mayTakeOver: true };
const range = { column: 'id', type: 'BIGINT', after: '3', from: '3', upTo: '9', withoutCursor: 0 };

function dataset(uri: string): DatasetStepResult {
  return { dataset: { name: 'orders', uri, rows: 1, bytes: 1, content: uri, schema: '', parents: [], range }, reused: false };
}

function load(alreadyDone: boolean): LoadStepResult {
  return { load: { target: 't', mode: 'append', rows: 1, replaced: 0, alreadyDone, loadId: 'l', created: false } };
}

test('an earlier result stands for a step that may take it over, and begins where it began', () => {
  expect(standsFor(dataset('a'), { step: 'validate:orders', earlier })).toBe(true);
  expect(standsFor(dataset('a'), { step: 'validate:orders', earlier: { ...earlier, mayTakeOver: false } })).toBe(false);
  expect(standsFor(dataset('a'), { step: 'extract:orders', earlier, cursor: 'id', after: '3' })).toBe(true);
  expect(standsFor(dataset('a'), { step: 'extract:orders', earlier, cursor: 'id', after: '4' })).toBe(false);
});

test('what comes out as another thing than before says so, and what comes out the same does not', () => {
  expect(besideEarlier(dataset('a'), dataset('b'))).toMatchObject({ anew: 'b' });
  expect(besideEarlier(dataset('a'), dataset('a'))).not.toHaveProperty('anew');
  expect(besideEarlier(load(false), load(false))).toMatchObject({ anew: 'l' });
  expect(besideEarlier(load(false), load(true))).not.toHaveProperty('anew');
  expect(besideEarlier(undefined, dataset('b'))).not.toHaveProperty('anew');
});
