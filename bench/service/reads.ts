import { setTimeout as sleep } from 'node:timers/promises';

/** Requests of one kind: its name, and the address of the next one. */
export interface ReadKind {
  readonly name: string;
  readonly next: () => string;
}

export interface ReadLoad {
  readonly kinds: readonly ReadKind[];
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Reads {
  /** From the moment at which a request was due to the last byte of its answer, by kind. */
  readonly latenciesMs: ReadonlyMap<string, readonly number[]>;
  /** What was no good answer. */
  readonly failures: readonly string[];
}

/**
 * Asks at a constant rate, whatever the answers take: each request has its moment, and the time it was late counts as its own.
 * So a service that stands still for a second has some two hundred bad answers, and not one.
 */
export async function readSteadily({ kinds, perSecond, seconds }: ReadLoad): Promise<Reads> {
  const latenciesMs = new Map(kinds.map(({ name }) => [name, [] as number[]]));
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  const began = performance.now();
  const ask = async ({ name, next }: ReadKind, dueMs: number): Promise<void> => {
    const url = next();
    try {
      const response = await fetch(url);
      const text = await response.text();
      if (!response.ok) failures.push(`${url}: HTTP ${response.status} ${text.slice(0, 200)}`);
    } catch (error) {
      failures.push(`${url}: ${String((error as Error).cause ?? error)}`);
    }
    latenciesMs.get(name)?.push(performance.now() - began - dueMs);
  };
  const total = Math.round(perSecond * seconds);
  for (let sent = 0; sent < total;) {
    const dueMs = (sent * 1000) / perSecond;
    if (performance.now() - began < dueMs) {
      await sleep(1);
      continue;
    }
    const asking = ask(kinds[sent % kinds.length] as ReadKind, dueMs);
    open.add(asking);
    void asking.finally(() => open.delete(asking));
    sent += 1;
  }
  await Promise.all(open);
  return { latenciesMs, failures };
}

/** The value below which that share of the values is. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
