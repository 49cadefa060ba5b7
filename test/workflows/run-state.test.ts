import { expect, test } from 'vitest';
import { RunState } from '../../workflows/run-state.js';

test('the details of a run of a thousand steps stay small, and show those that matter', () => {
  const state = new RunState('replicate');
  for (let at = 0; at < 1000; at++) {
    state.begin(`extract:public.a_table_with_a_name_${at}`, 'extract', `public.a_table_with_a_name_${at}`);
    if (at !== 500) state.end(`extract:public.a_table_with_a_name_${at}`, at === 3 ? 'failed' : 'done');
  }
  const details = state.details();
  expect(Buffer.byteLength(details)).toBeLessThan(20_000);
  expect(details).toContain('| public.a_table_with_a_name_3 | failed |');
  expect(details).toContain('| public.a_table_with_a_name_500 | running |');
  expect(details).toContain('| public.a_table_with_a_name_999 | done |');
  expect(details).not.toContain('a_table_with_a_name_10 ');
  expect(details.split('\n').at(-1)).toBe('100 of 1000 steps: 998 done, 1 failed, 1 running.');
});

test('a run of few steps shows them all', () => {
  const state = new RunState('sum');
  state.begin('extract:orders', 'extract', 'orders');
  expect(state.details()).toContain('| extract | orders | running |');
  expect(state.details()).not.toContain('of 1 steps');
});
