import { expect, test } from 'vitest';
import { changesSince } from '../../activities/run-changes.js';

const before = { params: { month: '2001-01', where: { a: 1, b: [1, 2] } }, code: 'c1', version: '1.0.0' };

test('a retry of the same run by the same code changes nothing, whatever the order of its parameters', () => {
  const params = { where: { b: [1, 2], a: 1 }, month: '2001-01' };
  expect(changesSince(before, params, { hash: 'c1', version: '1.0.0' })).toEqual({ params: [], code: 'same' });
});

test('a retry names the parameters that are others, new or gone, and tells of other code and another Millrace', () => {
  const params = { where: { a: 1, b: [2, 1] }, mode: 'merge' };
  expect(changesSince(before, params, { hash: 'c2', version: '1.1.0' })).toEqual({
    params: ['mode', 'month', 'where'],
    code: 'other',
    version: { from: '1.0.0', to: '1.1.0' },
  });
});

test('of a run that told nothing of its code, nothing is claimed', () => {
  const earlier = { params: null, code: null, version: null };
  expect(changesSince(earlier, {}, { hash: 'c2', version: '1.1.0' })).toEqual({ params: [], code: 'unknown' });
});
