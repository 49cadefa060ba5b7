import { expect, it } from 'vitest';
import { translateRegex } from '../../src/contracts/regex.js';

it('says JavaScript patterns in the words of RE2', () => {
  const cases: readonly (readonly [RegExp, string, string])[] = [
    [/^[A-Z]{2}\d+$/, '\\A[A-Z]{2}\\d+\\z', 'none'],
    [/(?<year>\d{4})-(\d\d)/, '(?:\\d{4})\\-(?:\\d\\d)', 'none'],
    [/a.b/s, 'a(?s:.)b', 'bmp'],
    [/a.b/u, 'a[^\\n\\r\\x{2028}\\x{2029}]b', 'none'],
    [/[^a]/, '[^a]', 'bmp'],
    [/[\s\S]/, '(?s:.)', 'bmp'],
    [/abc/i, '(?i)abc', 'ascii'],
    [/[[\]]/, '[\\[\\]]', 'none'],
    [/\u00e9\x41\//, '\\x{E9}A\\/', 'none'],
    [/\u{1f600}+/u, '\\x{1F600}+', 'none'],
  ];
  for (const [regex, pattern, guard] of cases)
    expect([String(regex), translateRegex(regex)]).toEqual([String(regex), { pattern, guard }]);
});

it('leaves to zod what RE2 cannot say, or says differently', () => {
  for (const regex of [
    /(?=a)/,
    /(?<!a)b/,
    /(a)\1/,
    /^a$/m,
    /a/y,
    /\p{L}/u,
    /a^b/,
    /a$b/,
    /a{1001}/,
    /😀/,
    /é/i,
    /ſ/i,
    /[^\S]/,
    /\cA/,
  ]) {
    expect([String(regex), translateRegex(regex)]).toEqual([String(regex), undefined]);
  }
});
