import { RunEventList, type Place, type RunEvent } from './run-event-list.js';
import type { RunPicture } from './run-picture.js';

const INTERVAL_MS = 500;
/** After a run's end its last lines may still be on their way into the catalog. */
const LAST_LINES_MS = 700;

/**
 * Looks at one run for any number of listeners, and keeps the latest events for all of them together: a listener is a place
 * in these, so that one who reads slowly costs nothing.
 */
export interface RunFollower {
  /** What happens from an id on, or from the beginning; ends with the run, or with the signal. */
  listen(lastId: string | undefined, signal: AbortSignal): AsyncGenerator<RunEvent>;
  stop(): void;
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
  const follower = new Follower(look, mayPass, intervalMs);
  void follower.run();
  return follower;
}

class Follower implements RunFollower {
  readonly #list = new RunEventList();
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<() => void>();
  #turn: Promise<unknown> = Promise.resolve();
  #ended = false;
  #failure: unknown;

  constructor(
    readonly look: () => Promise<RunPicture>,
    readonly mayPass: (error: unknown) => boolean,
    readonly intervalMs: number,
  ) {}

  async run(): Promise<void> {
    while (!this.#ended && this.#failure === undefined && !this.#stopped.signal.aborted) {
      const before = Date.now();
      await this.#inTurn(() => this.#lookOnce()).catch((error: unknown) => {
        if (!this.mayPass(error)) this.#failure = error;
      });
      this.#tell();
      // A long log takes its time to read: it is read less often then.
      if (!this.#ended) await pause(Math.max(this.intervalMs, 5 * (Date.now() - before)), this.#stopped.signal);
    }
  }

  async *listen(lastId: string | undefined, signal: AbortSignal): AsyncGenerator<RunEvent> {
    let last = lastId;
    let place = await this.#placeOf(last);
    const wake = (): void => this.#tell();
    signal.addEventListener('abort', wake, { once: true });
    try {
      for (;;) {
        for (const event of place.beginning) {
          if (this.#isOver(signal)) return;
          yield event;
          last = event.id;
        }
        if (this.#isOver(signal)) return;
        const next = await this.#placeAfter(place.next, last);
        if (!next) return;
        place = next;
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  stop(): void {
    this.#stopped.abort();
    this.#tell();
  }

  /** The next event, when there is one; `undefined` at the end of all. */
  async #placeAfter(number: number, lastId: string | undefined): Promise<Place | undefined> {
    if (number < this.#list.first) return this.#placeOf(lastId);
    const event = this.#list.at(number);
    if (event) return { beginning: [event], next: number + 1 };
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) return undefined;
    await new Promise<void>((go) => this.#waiting.add(go));
    return { beginning: [], next: number };
  }

  #placeOf(lastId: string | undefined): Promise<Place> {
    const known = this.#list.placeAfter(lastId);
    if (known) return Promise.resolve(known);
    return this.#inTurn(async () => {
      const picture = await this.#lookOnce();
      const place = this.#list.placeNow(picture, lastId);
      this.#tell();
      return place;
    });
  }

  async #lookOnce(): Promise<RunPicture> {
    const picture = await this.look();
    this.#list.addChanges(picture);
    if (!picture.end || this.#ended) return picture;
    await pause(LAST_LINES_MS, this.#stopped.signal);
    const last = await this.look();
    this.#list.addChanges(last);
    this.#list.addEnd(last.end ?? picture.end);
    this.#ended = true;
    return last;
  }

  /** Looks and those who join come one after the other, so that nobody misses or repeats what is between. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #tell(): void {
    this.#list.forgetOldest();
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  #isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.#stopped.signal.aborted;
  }
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
