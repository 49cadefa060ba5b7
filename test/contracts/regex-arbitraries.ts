import fc from 'fast-check';
import { z } from 'zod';
import { textNear, type TextCase } from './text-near.js';

const SIMPLE_ATOMS = [
  'a',
  'b',
  'é',
  '😀',
  '.',
  '\\d',
  '\\w',
  '\\s',
  '\\S',
  '\\D',
  '\\W',
  '[a-z]',
  '[^a-z]',
  '[\\s\\S]',
  '[^]',
  '[\\d-]',
  '[\\u3000-\\uffff]',
  '\\u00e9',
  '\\x41',
  '\\.',
  '\\/',
  '\\n',
  '[-a]',
  '[[:alpha:]]',
  '\\b',
  '[\\b]',
  '[^\\n]',
  'k',
  'ſ',
];

const regexSource: fc.Arbitrary<string> = fc.letrec<{ node: string; leaf: string }>((tie) => ({
  leaf: fc.constantFrom(...SIMPLE_ATOMS),
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: tie('leaf') },
    {
      weight: 3,
      arbitrary: fc
        .tuple(tie('leaf'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}', '*?'))
        .map(([atom, times]) => (/^\\b$/i.test(atom) ? atom : atom + times)),
    },
    { weight: 3, arbitrary: fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b) },
    { weight: 1, arbitrary: fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`) },
    { weight: 1, arbitrary: tie('node').map((a) => `(${a})`) },
    { weight: 1, arbitrary: tie('node').map((a) => `(?=${a})`) },
  ),
})).node;

/** Columns of text with a regular expression. */
export const regexes: fc.Arbitrary<TextCase> = fc
  .tuple(regexSource, fc.boolean(), fc.boolean(), fc.constantFrom('', '', '', 'i', 'u', 's', 'iu', 'g', 'm'))
  .map(([source, from, to, flags]) => ({ source: `${from ? '^' : ''}${source}${to ? '$' : ''}`, flags }))
  .filter(({ source, flags }) => isRegex(source, flags))
  .chain(({ source, flags }) =>
    fc.array(textNear(['aab', 'A1 b', 'k😀', 'KkſS', 'a\nb']), { minLength: 30, maxLength: 60 }).map((texts) => ({
      label: `regex /${source}/${flags}`,
      schema: z.string().regex(new RegExp(source, flags)),
      texts,
    })),
  );

function isRegex(source: string, flags: string): boolean {
  try {
    return new RegExp(source, flags) instanceof RegExp;
  } catch {
    return false;
  }
}
