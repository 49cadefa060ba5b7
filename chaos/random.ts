import { createHash } from 'node:crypto';

/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** At least 0 and below 1. */
  fraction(): number;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  pick<T>(values: readonly T[]): T;
  chance(probability: number): boolean;
  /** `count` different values, in any order. */
  some<T>(values: readonly T[], count: number): T[];
}

/** @param seed any text; parts of a trial use seeds of their own, so that one drawing more does not change the others */
export function randomFrom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  // mulberry32: 32 bits of state are plenty for a plan.
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number => least + Math.floor(fraction() * (most - least + 1));
  const pick = <T>(values: readonly T[]): T => values[between(0, values.length - 1)] as T;
  return {
    fraction,
    between,
    pick,
    chance: (probability) => fraction() < probability,
    some: <T>(values: readonly T[], count: number): T[] => {
      const left = [...values];
      return Array.from({ length: Math.min(count, left.length) }, () => left.splice(between(0, left.length - 1), 1)[0] as T);
    },
  };
}
