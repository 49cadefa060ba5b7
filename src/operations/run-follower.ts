import { randomBytes } from 'node:crypto';
import type { RunEventData, RunEventType } from '../api/schemas/run-events.js';
import type { JournalLine } from './journal.js';
import { essence, type RunPicture } from './run-picture.js';

/** One message of a run's events. */
export interface RunEvent<T extends RunEventType = RunEventType> {
  /** Where the stream goes on for whoever has got this one. */
  readonly id: string;
  readonly type: T;
  readonly data: RunEventData<T>;
}

const INTERVAL_MS = 500;
/** After a run's end its last lines may still be on their way into the catalog. */
const LAST_LINES_MS = 700;
/** Events kept for those who read slowly or come back. Whoever is further behind begins with the present. */
const MOST_EVENTS = 2_000;
/** Lines that are told again to somebody whose place nobody remembers, since lines may come late. */
const OVERLAP_MS = 5_000;

/**
 * Looks at one run for any number of listeners, and keeps the latest events for all of them together: a listener is a place
 * in these, so that one who reads slowly costs nothing.
 */
export interface RunFollower {
  /** What happens from an id on, or from the beginning; ends with the run, or with the signal. */
  listen(lastId: string | undefined, signal: AbortSignal): AsyncGenerator<RunEvent>;
  stop(): void;
}

interface Place {
  readonly beginning: readonly RunEvent[];
  readonly next: number;
}

/**
 * @param look at the run
 * @param mayPass tells of an error of a look whether it may be over with the next one; any other ends the listening
 */
export function followRun(
  look: () => Promise<RunPicture>,
  mayPass: (error: unknown) => boolean,
  intervalMs: number = INTERVAL_MS,
): RunFollower {
  const epoch = randomBytes(4).toString('hex');
  const stopped = new AbortController();
  const told = { state: '', steps: new Map<string, string>(), lines: new Set<string>(), lastLineAt: 0 };
  let events: RunEvent[] = [];
  let end = 0;
  let ended = false;
  let failure: unknown;
  const waiting = new Set<() => void>();
  let turn: Promise<unknown> = Promise.resolve();

  const idAt = (number: number): string => `${epoch}-${number}-${told.lastLineAt.toString(36)}`;
  function publish<T extends RunEventType>(type: T, data: RunEventData<T>): void {
    end += 1;
    events.push({ id: idAt(end), type, data } as RunEvent);
  }
  function noteLine({ id, at }: JournalLine): void {
    told.lines.add(id);
    told.lastLineAt = Math.max(told.lastLineAt, Date.parse(at) || 0);
  }
  function publishChanges({ state, steps, lines }: RunPicture): void {
    if (told.state !== essence(state)) publish('state', state);
    told.state = essence(state);
    for (const step of steps) {
      if (told.steps.get(step.step) !== essence(step)) publish('step', step);
      told.steps.set(step.step, essence(step));
    }
    for (const line of lines.filter(({ id }) => !told.lines.has(id))) {
      noteLine(line);
      publish('log', line);
    }
  }
  async function lookOnce(): Promise<RunPicture> {
    const picture = await look();
    publishChanges(picture);
    if (!picture.end || ended) return picture;
    await pause(LAST_LINES_MS, stopped.signal);
    const last = await look();
    publishChanges(last);
    publish('end', last.end ?? picture.end);
    ended = true;
    return last;
  }
  /** Looks and those who join come one after the other, so that nobody misses or repeats what is between. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  }
  function tell(): void {
    if (events.length > MOST_EVENTS) events = events.slice(-MOST_EVENTS);
    for (const go of waiting) go();
    waiting.clear();
  }
  async function run(): Promise<void> {
    while (!ended && !stopped.signal.aborted) {
      const before = Date.now();
      await inTurn(lookOnce).catch((error: unknown) => {
        if (!mayPass(error)) failure = error;
      });
      tell();
      if (failure !== undefined) return;
      // A long log takes its time to read: it is read less often then.
      if (!ended) await pause(Math.max(intervalMs, 5 * (Date.now() - before)), stopped.signal);
    }
  }
  /** The present, for somebody who begins or whose place is not remembered, as of the latest event. */
  async function beginning(since: number): Promise<Place> {
    const picture = await lookOnce();
    const late = picture.lines.filter(({ at }) => (Date.parse(at) || 0) >= since - OVERLAP_MS);
    const id = idAt(end);
    const present: RunEvent[] = [
      { id, type: 'state', data: picture.state },
      ...picture.steps.map((data): RunEvent => ({ id, type: 'step', data })),
      ...late.map((data): RunEvent => ({ id, type: 'log', data })),
    ];
    const last = ended ? events.at(-1) : undefined;
    tell();
    return { beginning: last ? [...present, last] : present, next: end };
  }
  function placeOf(lastId: string | undefined): Promise<Place> {
    const [, of, number, lineAt] = /^([0-9a-f]{8})-(\d+)-([0-9a-z]+)$/.exec(lastId ?? '') ?? [];
    const next = Number(number);
    if (of === epoch && next <= end && next >= end - events.length) return Promise.resolve({ beginning: [], next });
    return inTurn(() => beginning(lineAt === undefined ? 0 : Number.parseInt(lineAt, 36)));
  }
  const isOver = (signal: AbortSignal): boolean => signal.aborted || stopped.signal.aborted;
  async function* listen(lastId: string | undefined, signal: AbortSignal): AsyncGenerator<RunEvent> {
    let last = lastId;
    let { beginning: ahead, next } = await placeOf(last);
    signal.addEventListener('abort', tell, { once: true });
    try {
      for (;;) {
        for (const event of ahead) {
          if (isOver(signal)) return;
          yield event;
          last = event.id;
        }
        ahead = [];
        if (isOver(signal)) return;
        const first = end - events.length;
        if (next < first) ({ beginning: ahead, next } = await placeOf(last));
        else if (next < end) {
          ahead = events.slice(next - first, next - first + 1);
          next += 1;
        } else if (failure !== undefined) throw failure;
        else if (ended) return;
        else await new Promise<void>((go) => waiting.add(go));
      }
    } finally {
      signal.removeEventListener('abort', tell);
    }
  }
  void run();
  const stop = (): void => {
    stopped.abort();
    tell();
  };
  return { listen, stop };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
