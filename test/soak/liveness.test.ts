import { expect, test } from 'vitest';
import { livenessOf, type JournalLine } from '../../soak/pool/liveness.js';

function begin(at: number, id: string, pid = 1): JournalLine {
  return { what: 'begin', at, pid, id, workflowId: `run-${id}`, runId: '1', attempt: 1 };
}

function end(at: number, id: string, pid = 1): JournalLine {
  return { what: 'end', at, pid, id };
}

const ONE = { allowed: 1, weightOf: () => 1 };

test('attempts one after the other are one at a time', () => {
  const lines = [begin(1, 'a'), end(5, 'a'), begin(5, 'b'), end(9, 'b')];
  expect(livenessOf(lines, new Map(), ONE)).toEqual({ attempts: 2, cutOff: 0, mostSlots: 1, mostAttempts: 1, breaches: [] });
});

test('attempts that overlap are found, whatever the order of the journal', () => {
  const lines = [end(6, 'b'), begin(1, 'a'), end(5, 'a'), begin(4, 'b')];
  expect(livenessOf(lines, new Map(), ONE)).toMatchObject({ mostSlots: 2, breaches: ['run-a@1 attempt 1, run-b@1 attempt 1'] });
});

test('an attempt that was cut off lived until its process was gone', () => {
  const lines = [begin(1, 'a', 7), begin(6, 'b'), end(9, 'b')];
  expect(livenessOf(lines, new Map([[7, 5]]), ONE)).toMatchObject({ cutOff: 1, mostAttempts: 1, breaches: [] });
  expect(livenessOf(lines, new Map([[7, 8]]), ONE)).toMatchObject({ mostAttempts: 2 });
  expect(livenessOf(lines, new Map(), ONE)).toMatchObject({ mostAttempts: 2 });
});

test('a step counts with its weight', () => {
  const lines = [begin(1, 'a'), begin(2, 'b'), end(3, 'a'), end(4, 'b')];
  expect(livenessOf(lines, new Map(), { allowed: 3, weightOf: () => 2 })).toMatchObject({ mostSlots: 4, mostAttempts: 2 });
});
