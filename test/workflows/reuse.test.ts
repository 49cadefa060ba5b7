import { expect, test } from 'vitest';
import type { Watermark } from '../../src/core/cursor.js';
import type { DatasetRef } from '../../src/core/dataset.js';
import type { DatasetStepResult, StepId, StepResult } from '../../src/core/steps.js';
import { Reuse } from '../../workflows/reuse.js';
import { extractCall, loadCall, transformCall, transformOnCall, validateCall } from '../../workflows/step-calls.js';

const range = { column: 'id', type: 'BIGINT', after: '3', from: '3', upTo: '9', withoutCursor: 0 };

function dataset(uri: string, ranged = true): DatasetRef {
  return { name: 'orders', uri, rows: 1, bytes: 1, content: uri, schema: '', parents: [], ...(ranged && { range }) };
}

const result = (uri: string, ranged = true): DatasetStepResult => ({ dataset: dataset(uri, ranged), reused: false });

function since(value: string | null, upTo?: string | null): Watermark {
  return { target: 'warehouse.public.orders', name: '', step: 's', value, ...(upTo !== undefined && { upTo }) };
}

const reusing = (reuse: Readonly<Record<StepId, StepResult>>) => new Reuse({ reuse });

const extract = (after?: Watermark | string | number | null) =>
  extractCall('orders', { from: 'shop', table: 'orders', cursor: 'id', ...(after !== undefined && { after }) });

test('what was read after the same watermark is taken over, and what was read after another is not', () => {
  const reuse = reusing({ 'extract:orders': result('a') });
  expect(reuse.find('extract:orders', extract(since('3')))).toBeDefined();
  expect(reuse.find('extract:orders', extract(since('3', '9')))).toBeDefined();
  expect(reuse.find('extract:orders', extract('3'))).toBeDefined();
  expect(reuse.find('extract:orders', extract(3))).toBeDefined();
  for (const after of [since('4'), since(null), since('3', '8'), since('3', null), '4', null, undefined]) {
    expect(reuse.find('extract:orders', extract(after))).toBeUndefined();
  }
});

test('what was read without a cursor is taken over as ever', () => {
  const reuse = reusing({ 'extract:orders': result('a', false) });
  expect(reuse.find('extract:orders', extractCall('orders', { from: 'shop', table: 'orders' }))).toBeDefined();
  expect(reuse.find('extract:customers', extractCall('customers', { from: 'shop', table: 'customers' }))).toBeUndefined();
});

test('nothing that was made of what is read anew is taken over', () => {
  const loaded = {
    load: { target: 't', mode: 'append', rows: 1, replaced: 0, alreadyDone: false, loadId: 'l', created: false },
  } as const;
  const reuse = reusing({
    'extract:orders': result('a'),
    'validate:orders': result('b'),
    'transform:totals': result('c', false),
    'load:warehouse.totals': loaded,
  });
  const load = (input: DatasetRef) => loadCall(input, { to: 'warehouse', table: 'totals', mode: 'append' });
  expect(reuse.find('validate:orders', validateCall(dataset('a'), 'Order'))).toBeDefined();
  expect(reuse.find('load:warehouse.totals', load(dataset('c')))).toBeDefined();
  reuse.made('extract:orders', result('a2'));
  expect(reuse.find('validate:orders', validateCall(dataset('a2'), 'Order'))).toBeUndefined();
  reuse.made('validate:orders', result('b2'));
  expect(reuse.find('transform:totals', transformCall('totals', { orders: dataset('b2') }, {}))).toBeUndefined();
  reuse.made('transform:totals', result('c2', false));
  expect(reuse.find('load:warehouse.totals', load(dataset('c2')))).toBeUndefined();
});

test('a transform of a table is done anew when what was loaded into it was loaded anew', () => {
  const load = (alreadyDone: boolean) => ({
    load: {
      target: 'warehouse.public.orders',
      mode: 'merge',
      rows: 1,
      replaced: 0,
      alreadyDone,
      loadId: 'l',
      created: false,
    } as const,
  });
  const call = transformOnCall('totals', { orders: { connection: 'warehouse', table: 'orders', loadId: 'l' } }, {}, {
    on: 'warehouse',
    table: 'totals',
    mode: 'replace',
  } as never);
  const reuse = reusing({ 'load:warehouse.orders': load(false), 'transform:totals': load(false) });
  reuse.made('load:warehouse.orders', load(true));
  expect(reuse.find('transform:totals', call)).toBeDefined();
  reuse.made('load:warehouse.orders', load(false));
  expect(reuse.find('transform:totals', call)).toBeUndefined();
});

test('what is read anew and turns out the same changes nothing for those after it', () => {
  const reuse = reusing({ 'extract:orders': result('a'), 'validate:orders': result('b') });
  reuse.made('extract:orders', result('a'));
  expect(reuse.find('validate:orders', validateCall(dataset('a'), 'Order'))).toBeDefined();
});

test('where steps look for their earlier results, each is told whether it may take its own over', () => {
  const reuseFrom = { workflowId: 'w', runId: 'r', from: 'extract:orders' };
  const reuse = new Reuse({ reuse: {}, reuseFrom });
  expect(reuse.has('validate:orders')).toBe(true);
  const validate = (uri: string) => reuse.earlierOf(validateCall(dataset(uri), 'Order'));
  expect(validate('a')).toEqual({ earlier: { ...reuseFrom, mayTakeOver: true } });
  reuse.made('extract:orders', result('b'), 'b');
  expect(validate('b')).toEqual({ earlier: { ...reuseFrom, mayTakeOver: false } });
  expect(validate('a')).toEqual({ earlier: { ...reuseFrom, mayTakeOver: true } });
  expect(new Reuse({ reuse: {} }).earlierOf(validateCall(dataset('a'), 'Order'))).toEqual({});
});

test('a dataset that somebody gave a step stands for it, whatever was made anew, unless it is of another contract', () => {
  const marked = { step: 'validate:orders', dataset: 'm', reason: 'mended by hand', by: 'ada' } as const;
  const given = { dataset: { ...dataset('m'), contract: 'Order' }, reused: true };
  const reuse = new Reuse({ reuse: { 'extract:orders': result('a'), 'validate:orders': given }, marked });
  reuse.made('extract:orders', result('b'));
  expect(reuse.find('validate:orders', validateCall(dataset('b'), 'Order'))).toBe(given);
  expect(() => reuse.find('validate:orders', validateCall(dataset('b'), 'Other'))).toThrow(
    /has passed contract "Order", and the step judges by "Other"/,
  );
});
