import { expect, test } from 'vitest';
import { MAX_QUEUED, type SlotRequest } from '../../src/core/pools.js';
import { PoolQueue } from '../../workflows/pool-queue.js';

const AT = '2026-01-01T00:00:00.000Z';
const NOW = Date.parse(AT);
const SIZE = { slots: 4, graceMs: 20_000 };

function request(token: string, more: Partial<SlotRequest> = {}): SlotRequest {
  const run = { workflowId: `run-${token}`, runId: `id-${token}`, pipeline: 'loads' };
  return { token, ...run, step: 'load:warehouse.orders', weight: 1, priority: 3, ...more };
}

function poolOf(slots = SIZE.slots) {
  const queue = new PoolQueue('warehouse', { ...SIZE, slots });
  const ask = (token: string, more: Partial<SlotRequest> = {}, size = { ...SIZE, slots }) =>
    queue.acquire({ request: request(token, more), ...size }, AT);
  const grant = (): string[] => queue.grant(AT).map((answer) => answer.grant.token);
  const release = (token: string, runId = `id-${token}`): void => queue.release({ token, runId }, NOW);
  return { queue, ask, grant, release };
}

test('slots are given in the order of priority, then of time', () => {
  const { ask, grant, release } = poolOf(1);
  ask('a');
  ask('b', { priority: 5 });
  ask('c');
  ask('d', { priority: 1 });
  const order: string[] = [];
  for (let next = grant(); next.length > 0; next = grant()) {
    order.push(...next);
    next.forEach((token) => release(token));
  }
  expect(order).toEqual(['d', 'a', 'c', 'b']);
});

test('whoever is first and heavy is waited for', () => {
  const { ask, grant, release } = poolOf(4);
  ask('a', { weight: 3 });
  expect(grant()).toEqual(['a']);
  ask('b', { weight: 4 });
  ask('c');
  expect(grant()).toEqual([]);
  release('a');
  expect(grant()).toEqual(['b']);
  release('b');
  expect(grant()).toEqual(['c']);
});

test('a pool that shrinks waits until enough is free, and refuses what is too heavy for it now', () => {
  const { queue, ask, grant, release } = poolOf(4);
  for (const token of ['a', 'b', 'c', 'd']) ask(token);
  grant();
  ask('e', { weight: 3 });
  expect(ask('f', {}, { ...SIZE, slots: 2 })).toMatchObject([
    { to: { workflowId: 'run-e' }, grant: { token: 'e', refused: { code: 'POOL_TOO_SMALL' } } },
  ]);
  for (const token of ['a', 'b']) {
    release(token);
    expect(grant()).toEqual([]);
  }
  release('c');
  expect(grant()).toEqual(['f']);
  expect(queue.sweep({ closed: [], size: { ...SIZE, slots: 3 } })).toEqual([]);
  ask('g', {}, { ...SIZE, slots: 3 });
  expect(grant()).toEqual(['g']);
});

test('a request that comes again after its end is not served by the pool that goes on with the state, or takes over', () => {
  const { queue, ask, grant, release } = poolOf(1);
  ask('a');
  grant();
  release('a');
  const continued = new PoolQueue('warehouse', queue.state);
  const successor = new PoolQueue('warehouse', SIZE);
  successor.adopt([queue.state], NOW);
  const late = new PoolQueue('warehouse', SIZE);
  late.acquire({ request: request('a'), ...SIZE }, AT);
  late.adopt([queue.state], NOW);
  for (const next of [continued, successor, late]) {
    next.acquire({ request: request('a'), ...SIZE }, AT);
    next.acquire({ request: request('b'), ...SIZE }, AT);
    expect(next.grant(AT).map(({ grant: { token } }) => token)).toEqual(['b']);
  }
});

test('what is asked or given back twice counts once', () => {
  const { queue, ask, grant, release } = poolOf(1);
  ask('a');
  ask('a');
  expect(grant()).toEqual(['a']);
  ask('a');
  release('a');
  release('a');
  ask('a');
  expect(grant()).toEqual([]);
  expect(queue.state).toMatchObject({ held: [], queued: [] });
});

test('a run frees its own slot only, and takes back what waits whichever of its runs asked', () => {
  const { queue, ask, grant, release } = poolOf(1);
  ask('a');
  ask('b');
  grant();
  release('a', 'the run after a reset');
  release('b', 'the run after a reset');
  expect(queue.isHeldBy('a', 'id-a')).toBe(true);
  expect(queue.isHeldBy('a', 'the run after a reset')).toBe(false);
  expect(queue.waiting).toEqual([]);
});

test('the slot of a closed run is free after the grace, counted from its end', () => {
  const { queue, ask, grant } = poolOf(1);
  ask('a');
  ask('b');
  grant();
  queue.sweep({ closed: [{ runId: 'id-a', at: AT }] });
  queue.expire(NOW + SIZE.graceMs - 1);
  expect(grant()).toEqual([]);
  expect(queue.nextExpiry).toBe(NOW + SIZE.graceMs);
  queue.expire(NOW + SIZE.graceMs);
  expect(grant()).toEqual(['b']);
});

test('the slot of a step that timed out is free after the grace, counted from then', () => {
  const { queue, ask, grant } = poolOf(1);
  ask('a');
  ask('b');
  grant();
  queue.release({ token: 'a', runId: 'id-a', unsettled: true }, NOW);
  expect(grant()).toEqual([]);
  queue.expire(NOW + SIZE.graceMs);
  expect(grant()).toEqual(['b']);
});

test('more requests than one state can hold are refused', () => {
  const { queue, ask } = poolOf(1);
  for (let index = 0; index < MAX_QUEUED; index += 1) ask(`r${index}`);
  ask('r0');
  expect(ask('one more')).toMatchObject([{ grant: { token: 'one more', refused: { code: 'POOL_QUEUE_FULL' } } }]);
  expect(queue.waiting).toHaveLength(MAX_QUEUED);
  // It has to fit into a payload of Temporal's.
  expect(JSON.stringify(queue.state).length).toBeLessThan(1_800_000);
});

test('requests with long names fill a queue sooner', () => {
  const { queue, ask } = poolOf(1);
  const more = { workflowId: 'w'.repeat(1000), step: 's'.repeat(500) };
  for (let index = 0; index < MAX_QUEUED; index += 1) ask(`r${index}`, more);
  expect(ask('one more', more)).toMatchObject([{ grant: { refused: { code: 'POOL_QUEUE_FULL' } } }]);
  expect(JSON.stringify(queue.state).length).toBeLessThan(1_800_000);
});

test('names that take several bytes a character count with all of them', () => {
  const { queue, ask } = poolOf(1);
  const more = { workflowId: '注文'.repeat(150), step: '検証'.repeat(50) };
  for (let index = 0; index < MAX_QUEUED; index += 1) ask(`r${index}`, more);
  expect(ask('one more', more)).toMatchObject([{ grant: { refused: { code: 'POOL_QUEUE_FULL' } } }]);
  expect(Buffer.byteLength(JSON.stringify(queue.state))).toBeLessThan(1_800_000);
});

test('a pool takes over from those before it, with what they had not done yet; what came meanwhile counts', () => {
  const { queue, ask, grant } = poolOf(2);
  ask('e');
  const whole = {
    held: [
      { ...request('a'), askedAt: AT, since: AT },
      { ...request('b'), askedAt: AT, since: AT },
    ],
    queued: [
      { ...request('c'), askedAt: AT },
      { ...request('d'), askedAt: AT },
      { ...request('f'), askedAt: AT },
    ],
    change: 70,
  };
  // Terminated while it took over from that one.
  const unfinished = {
    held: [],
    queued: [{ ...request('g'), askedAt: AT }],
    change: 2,
    recovering: {
      released: [
        { token: 'b', runId: 'id-b' },
        { token: 'a', runId: 'the run after a reset' },
        { token: 'c', runId: 'id-c' },
      ],
      freed: ['f'],
    },
  };
  queue.adopt([unfinished, whole], NOW);
  expect(queue.holders.map(({ token }) => token)).toEqual(['a']);
  expect(queue.waiting.map(({ token }) => token)).toEqual(['d', 'g', 'e']);
  expect(queue.change).toBeGreaterThan(70);
  expect(grant()).toEqual(['d']);
});
