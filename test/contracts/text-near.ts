import fc from 'fast-check';
import type { z } from 'zod';

/** A schema of one column, and texts that lie near the border of what it accepts. */
export interface TextCase {
  readonly label: string;
  readonly schema: z.ZodType;
  readonly texts: readonly string[];
}

const ODD = [
  '',
  ' ',
  '\0',
  '\ufeff',
  '\ufeffa',
  'a\ufeff',
  'é',
  'e\u0301',
  '😀',
  'a😀b',
  '\u2028',
  '\u00a0x',
  'ſ',
  'K',
  'İ',
  'ß',
  '\n',
  'a\n',
  '\r\n',
  "it's",
  '"',
  'null',
  'true',
  '👩‍👩‍👧',
  '\ud7ff',
  '\ue000',
  '漢字',
];

const alphabet = fc.constantFrom(...Array.from('abcxyzABZ0189 ._-+:/@#é😀\n\t\u00a0\u212a'));

/** Longer than any limit one would think of. */
export const HUGE = ['x'.repeat(30_000), '😀'.repeat(9_000), `a${'e\u0301'.repeat(7_000)}b`];

/** Texts that are, or nearly are, one of the samples. */
export function textNear(samples: readonly string[]): fc.Arbitrary<string> {
  const sample = fc.constantFrom(...(samples.length > 0 ? samples : ['a']));
  const mutated = fc.tuple(sample, fc.nat(40), fc.nat(2), alphabet).map(([text, at, drop, insert]) => {
    const chars = Array.from(text);
    chars.splice(at % (chars.length + 1), drop, insert);
    return chars.join('');
  });
  return fc.oneof(
    { weight: 4, arbitrary: sample },
    { weight: 4, arbitrary: mutated },
    { weight: 2, arbitrary: fc.constantFrom(...ODD) },
    { weight: 2, arbitrary: fc.string({ maxLength: 12, unit: alphabet }) },
    { weight: 1, arbitrary: fc.string({ maxLength: 12, unit: 'binary' }).filter((text) => !/\p{Surrogate}/u.test(text)) },
  );
}
