import { Argument, InvalidArgumentError } from 'commander';

export function runArgument(): Argument {
  return new Argument('<run>', 'a workflow id, for its latest run, or id@runId for one execution');
}

export function parseParams(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is not JSON: ${(error as Error).message}.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidArgumentError('Parameters are a JSON object, as {"month":"2001-01"}.');
}

const AGE_UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;
/** A step that has just found a dataset needs a moment until the catalog knows of it. */
const LEAST_AGE_MS = 10 * 60_000;

/** Reads `30d`, `12h`, `10m`, `2w` as milliseconds; at least ten minutes. */
export function parseAge(text: string): number {
  const [, count, unit] = /^(\d+)\s*([mhdw])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It must be an age such as 30d, 12h, 10m or 2w.');
  const ms = Number(count) * AGE_UNITS_MS[unit as keyof typeof AGE_UNITS_MS];
  if (ms < LEAST_AGE_MS) throw new InvalidArgumentError('It must be at least 10m.');
  return ms;
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

/** Reads `a,b` as names of task queues. */
export function parseQueues(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return [...new Set(names)];
  throw new InvalidArgumentError('It must be names of task queues with commas between, as millrace,eu-west.');
}

/** Reads `25s`, `2m`, `500ms`. */
export function parseGrace(text: string): string {
  if (/^\d+\s?(ms|s|m)$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a duration such as 25s, 2m or 500ms.');
}
