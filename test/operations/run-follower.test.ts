import { expect, onTestFinished, test } from 'vitest';
import type { RunEvent } from '../../src/operations/run-event-list.js';
import { followRun } from '../../src/operations/run-follower.js';
import type { JournalLine } from '../../src/operations/journal.js';
import type { RunPicture } from '../../src/operations/run-picture.js';

const SUMMARY = {
  workflowId: 'orders',
  runId: 'run',
  pipeline: 'orders',
  partition: null,
  status: 'running' as const,
  owner: null,
  startedAt: '2024-01-01T00:00:00.000Z',
  finishedAt: null,
  durationMs: 0,
  error: null,
};

function line(number: number): JournalLine {
  const at = new Date(Date.parse(SUMMARY.startedAt) + number * 1000).toISOString();
  return { id: `log ${number}`, at, level: 'info', source: 'pipeline', step: null, attempt: null, message: 'x', facts: null };
}

/** A run that has logged so many lines, and goes on. */
function pictureOf(lines: number, ended = false): RunPicture {
  const status = ended ? ('completed' as const) : SUMMARY.status;
  return {
    state: { ...SUMMARY, status, durationMs: Math.random(), worker: true, paused: null },
    steps: [],
    lines: Array.from({ length: lines }, (_, index) => line(index)),
    ...(ended && { end: { ...SUMMARY, status, result: 1 } }),
  };
}

/** A follower of a run that the test moves on. */
function followed() {
  const run = { lines: 0, ended: false, failure: undefined as Error | undefined, looks: 0 };
  const look = (): Promise<RunPicture> => {
    run.looks += 1;
    return run.failure ? Promise.reject(run.failure) : Promise.resolve(pictureOf(run.lines, run.ended));
  };
  const follower = followRun(look, (error) => (error as Error).message === 'passing', 1);
  onTestFinished(() => follower.stop());
  return { run, follower };
}

const never = (): AbortSignal => new AbortController().signal;

async function rest(events: AsyncGenerator<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const idsOf = (events: readonly RunEvent[]) =>
  events.flatMap(({ type, data }) => (type === 'log' ? [(data as JournalLine).id] : []));

test('one who reads too slowly begins with the present, misses no line, and is told none twice but the latest', async () => {
  const { run, follower } = followed();
  const slow = follower.listen(undefined, never());
  const first = await slow.next();
  expect(first.value).toMatchObject({ type: 'state' });
  // More than is kept happens while nobody reads.
  run.lines = 5_000;
  const quick = follower.listen(undefined, never());
  await quick.next();
  run.ended = true;
  const [late, all] = await Promise.all([rest(slow), rest(quick)]);
  expect(idsOf(all)).toHaveLength(5_000);
  expect(new Set(idsOf(late)).size).toBe(5_000);
  expect(late.at(-1)).toMatchObject({ type: 'end', data: { status: 'completed', result: 1 } });
});

test('the clock alone is no event', async () => {
  const { run, follower } = followed();
  const listener = follower.listen(undefined, never());
  await listener.next();
  const looks = run.looks;
  while (run.looks < looks + 5) await new Promise((resolve) => setTimeout(resolve, 1));
  run.ended = true;
  const events = await rest(listener);
  expect(events.map(({ type }) => type)).toEqual(['state', 'end']);
});

test('a look that fails with what may pass is made again; any other error ends the listening', async () => {
  const { run, follower } = followed();
  const listener = follower.listen(undefined, never());
  await listener.next();
  run.failure = new Error('passing');
  const looks = run.looks;
  while (run.looks < looks + 3) await new Promise((resolve) => setTimeout(resolve, 1));
  run.failure = undefined;
  run.lines = 1;
  expect((await listener.next()).value).toMatchObject({ type: 'log' });
  run.failure = new Error('for good');
  await expect(listener.next()).rejects.toThrow('for good');
});

test('a listener that goes stops waiting', async () => {
  const { follower } = followed();
  const gone = new AbortController();
  const listener = follower.listen(undefined, gone.signal);
  await listener.next();
  const waiting = listener.next();
  gone.abort();
  expect((await waiting).done).toBe(true);
});

test('a place that another process has told begins anew, with the lines of the time since', async () => {
  const { run, follower } = followed();
  run.lines = 60;
  run.ended = true;
  const told = await rest(follower.listen(undefined, never()));
  const [, number, at] = told.at(-1)?.id.split('-') ?? [];
  const elsewhere = await rest(follower.listen(`00000000-${number}-${at}`, never()));
  expect(elsewhere[0]).toMatchObject({ type: 'state' });
  expect(idsOf(elsewhere).length).toBeLessThan(10);
  expect(elsewhere.at(-1)).toMatchObject({ type: 'end' });
});
