import { randomBytes } from 'node:crypto';
import type { RunEventData, RunEventType } from '../api/schemas/run-events.js';
import { essence, type RunPicture } from './run-picture.js';

/** One message of a run's events. */
export interface RunEvent<T extends RunEventType = RunEventType> {
  /** Where the stream goes on for whoever has got this one. */
  readonly id: string;
  readonly type: T;
  readonly data: RunEventData<T>;
}

/** Where somebody stands in a list of events, and what they are told before they go on from there. */
export interface Place {
  readonly beginning: readonly RunEvent[];
  readonly next: number;
}

/** Events kept for those who read slowly or come back. Whoever is further behind begins with the present. */
const MOST_EVENTS = 2_000;
/** Lines that are told again to somebody whose place nobody remembers, since lines may come late. */
const OVERLAP_MS = 5_000;

/** The latest events of one run, numbered from 0, made from one picture of it after the other. */
export class RunEventList {
  readonly #epoch = randomBytes(4).toString('hex');
  readonly #steps = new Map<string, string>();
  readonly #lines = new Set<string>();
  #state = '';
  #lastLineAt = 0;
  #events: RunEvent[] = [];
  /** The number of the next event, and of the first one that is kept. */
  end = 0;
  get first(): number {
    return this.end - this.#events.length;
  }

  /** Adds what is another than in the picture before. */
  addChanges({ state, steps, lines }: RunPicture): void {
    if (this.#state !== essence(state)) this.#add('state', state);
    this.#state = essence(state);
    for (const step of steps) {
      if (this.#steps.get(step.step) !== essence(step)) this.#add('step', step);
      this.#steps.set(step.step, essence(step));
    }
    for (const line of lines.filter(({ id }) => !this.#lines.has(id))) {
      this.#lines.add(line.id);
      this.#lastLineAt = Math.max(this.#lastLineAt, Date.parse(line.at) || 0);
      this.#add('log', line);
    }
  }

  addEnd(data: RunEventData<'end'>): void {
    this.#add('end', data);
  }

  at(number: number): RunEvent | undefined {
    return this.#events[number - this.first];
  }

  forgetOldest(): void {
    if (this.#events.length > MOST_EVENTS) this.#events = this.#events.slice(-MOST_EVENTS);
  }

  /** Where somebody goes on who was told an event of this list that is still in it. */
  placeAfter(id: string | undefined): Place | undefined {
    const { epoch, number } = readId(id) ?? {};
    if (epoch !== this.#epoch || number === undefined || number > this.end || number < this.first) return undefined;
    return { beginning: [], next: number };
  }

  /** The present, for somebody who begins, or whose place is not remembered: the latter get no lines from long before it. */
  placeNow({ state, steps, lines }: RunPicture, lastId: string | undefined): Place {
    const since = (readId(lastId)?.lineAt ?? 0) - OVERLAP_MS;
    const id = this.#idAt(this.end);
    const last = this.#events.at(-1);
    const beginning: RunEvent[] = [
      { id, type: 'state', data: state },
      ...steps.map((data): RunEvent => ({ id, type: 'step', data })),
      ...lines.filter(({ at }) => (Date.parse(at) || 0) >= since).map((data): RunEvent => ({ id, type: 'log', data })),
      ...(last?.type === 'end' ? [last] : []),
    ];
    return { beginning, next: this.end };
  }

  #add<T extends RunEventType>(type: T, data: RunEventData<T>): void {
    this.end += 1;
    this.#events.push({ id: this.#idAt(this.end), type, data });
  }

  #idAt(number: number): string {
    return `${this.#epoch}-${number}-${this.#lastLineAt.toString(36)}`;
  }
}

function readId(
  id: string | undefined,
): { readonly epoch: string; readonly number: number; readonly lineAt: number } | undefined {
  const [, epoch, number, lineAt] = /^([0-9a-f]{8})-(\d{1,15})-([0-9a-z]{1,11})$/.exec(id ?? '') ?? [];
  if (epoch === undefined || lineAt === undefined) return undefined;
  return { epoch, number: Number(number), lineAt: Number.parseInt(lineAt, 36) };
}
