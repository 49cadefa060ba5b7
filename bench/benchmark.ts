/** One line of `--json`. Every benchmark gives these fields, for Millrace and for whatever it is held against. */
export interface Measurement {
  /** The work that was done: the benchmark's name. */
  readonly work: string;
  /** Who did it. */
  readonly tool: string;
  /** Median over the rounds, in seconds. */
  readonly medianS: number;
  /** `medianS` divided by that of the raw limit in the same run; 1 for the limit itself. */
  readonly ratio: number;
  /** Peak resident memory of the tool's process, in MiB. */
  readonly peakMiB: number;
}

export interface BenchmarkOptions {
  /** How often each side is measured. @default 3 */
  readonly rounds: number;
  /** Size of the data, in the benchmark's own unit. @default 1 */
  readonly scale: number;
  /** Data to use instead of what the benchmark would make. */
  readonly input?: string;
  /** Whether to measure other tools, too. @default false */
  readonly peers?: boolean;
  /** Told, line by line, what is going on. */
  readonly notice: (line: string) => void;
}

export interface BenchmarkResult {
  readonly measurements: readonly Measurement[];
  /** What a person wants to see: a table of the rounds, and where the time went. */
  readonly report: string;
  /** Peak resident memory of every process that took part, in MiB, by its name. @default only that of the tools is known */
  readonly peaks?: Peaks;
}

/** Peak resident memory in MiB, by process. */
export type Peaks = Readonly<Record<string, number>>;

/** Does its work and the raw limit's, alternating, on servers of its own; throws when the results differ. */
export type Benchmark = (options: BenchmarkOptions) => Promise<BenchmarkResult>;

/** One round: what each side gave. */
export interface Turns<M, L> {
  readonly millrace: M;
  readonly limit: L;
}

/** Measures both sides round by round; who goes first changes with each. */
export async function takeTurns<M, L>(
  rounds: number,
  millrace: (round: number) => Promise<M>,
  limit: (round: number) => Promise<L>,
  told: (round: number, both: Turns<M, L>) => void,
): Promise<Turns<M, L>[]> {
  const all: Turns<M, L>[] = [];
  for (let round = 0; round < rounds; round++) {
    const early = round % 2 === 1 ? { limit: await limit(round) } : undefined;
    const both = { millrace: await millrace(round), limit: early ? early.limit : await limit(round) };
    all.push(both);
    told(round, both);
  }
  return all;
}

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A line of `--json`: three decimals, so that lines of two runs can be compared by eye. */
export function toJsonLine(measurement: Measurement): string {
  return JSON.stringify(measurement, (_key, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value,
  );
}
