import { expect, test } from 'vitest';
import { boundedResult, type LoadResult } from '../../src/core/load.js';

const loaded = { target: 't', mode: 'append', rows: 1, replaced: 0, alreadyDone: false, loadId: 'l', created: false } as const;

function withChanges(count: number, name = 'column'): LoadResult {
  const changes = Array.from({ length: count }, (_, at) => ({ change: 'added', column: `${name}_${at}`, to: 'text' }) as const);
  return { ...loaded, changes };
}

test('a result with few changes of columns is left as it is', () => {
  expect(boundedResult(loaded)).toEqual(loaded);
  const few = withChanges(5);
  expect(boundedResult(few)).toEqual(few);
});

test('of very many changes, history gets the first ones and the number of the others', () => {
  const { changes = [], changesLeftOut = 0 } = boundedResult(withChanges(1_000));
  expect(changes).toEqual(withChanges(1_000).changes?.slice(0, changes.length));
  expect(changes.length).toBeGreaterThan(10);
  expect(changes.length + changesLeftOut).toBe(1_000);
  expect(JSON.stringify(changes).length).toBeLessThanOrEqual(1_100);
});

test('names count by their bytes', () => {
  expect(Buffer.byteLength(JSON.stringify(boundedResult(withChanges(50, 'größe–œ')).changes))).toBeLessThanOrEqual(1_100);
});
