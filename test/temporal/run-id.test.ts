import { expect, test } from 'vitest';
import { canonicalRunId, formatRunAddress, parseRunAddress } from '../../src/temporal/run-id.js';

const MONTHLY = { kind: 'monthly', parameter: 'month', from: '2001-01' } as const;

test('a partition’s run is named after it', () => {
  expect(canonicalRunId('flightDelays', { month: '2001-01' }, MONTHLY)).toBe('flightDelays/2001-01');
});

test('other runs get ids that sort by time and do not meet', () => {
  const early = canonicalRunId('copy', {}, undefined, Date.UTC(2026, 0, 1));
  const late = canonicalRunId('copy', {}, undefined, Date.UTC(2036, 0, 1));
  expect(early).toMatch(/^copy-[0-9a-z]{9}[0-9a-f]{4}$/);
  expect([late, early].toSorted()).toEqual([early, late]);
  expect(new Set(Array.from({ length: 20 }, () => canonicalRunId('copy', {}, undefined))).size).toBe(20);
});

test('a partitioned pipeline started without its partition gets such an id too: the run says what is missing', () => {
  expect(canonicalRunId('flightDelays', {}, MONTHLY)).toMatch(/^flightDelays-/);
});

test('a run is addressed by its workflow id, or with one execution’s run id', () => {
  const runId = '0199c3a8-7d2e-7e55-9d0e-6c1f4a2b3c4d';
  expect(parseRunAddress('flightDelays/2001-01')).toEqual({ workflowId: 'flightDelays/2001-01' });
  expect(parseRunAddress(`a@b@${runId}`)).toEqual({ workflowId: 'a@b', runId });
  expect(parseRunAddress('me@example.com')).toEqual({ workflowId: 'me@example.com' });
  expect(formatRunAddress({ workflowId: 'a', runId })).toBe(`a@${runId}`);
});
