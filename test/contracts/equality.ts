import { afterAll } from 'vitest';

/** What all cases follow from: given, or of this moment. */
export const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 2 ** 31);

/** About how many values each property of single columns compares; whole contracts over whole files compare a twentieth in rows. */
const cases = Number(process.env.MILLRACE_CASES ?? 20_000);

const WHOLE = 1 / 20;

/** Long enough for as many cases on a slow machine. */
export const timeout = 300_000 + cases * 20;

/** How often fast-check tries a property over single columns. @param values that one try compares, about */
export function triesOfColumns(values: number): number {
  return Math.ceil(cases / values);
}

/** How often fast-check tries a property over whole files. @param rows that one try compares, about */
export function triesOfFiles(rows: number): number {
  return Math.ceil((cases * WHOLE) / rows);
}

/** Counts what a file of tests compares, and tells it at the end, with the seed that makes the same cases again. */
export function countCases(what: string): { add(number: number): void } {
  let counted = 0;
  afterAll(() => void process.stdout.write(`equality with zod: ${counted} ${what} compared, seed ${seed}\n`));
  return { add: (number) => void (counted += number) };
}
