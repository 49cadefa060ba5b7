import { z } from 'zod';
import { translateRegex } from './regex.js';
import type { Check, Predicate, StringFormat } from './rules.js';
import { matches, text } from './sql-text.js';

/**
 * A check of text in SQL, as it agreed with zod under fuzzing; `undefined` where SQL cannot say it.
 *
 * @param s SQL of a VARCHAR
 * @param date SQL of the same text cast to DATE, where it is at hand
 */
export function stringPredicate(check: Check, s: string, date = `TRY_CAST(${s} AS DATE)`): Predicate | undefined {
  switch (check.kind) {
    case 'length':
      // Both zod 4.6.7 and DuckDB count code points.
      return { pass: `length(${s}) ${check.op} ${check.length}` };
    case 'starts':
      return { pass: `starts_with(${s}, ${text(check.text)})` };
    case 'ends':
      return { pass: `suffix(${s}, ${text(check.text)})` };
    case 'includes':
      return { pass: `contains(${s}, ${text(check.text)})` };
    case 'pattern':
      return patternPredicate(check.pattern, s);
    case 'format':
      return FORMATS[check.format](s, date);
    default:
      return undefined;
  }
}

const r = z.core.regexes;

/** Sources of zod's own patterns that mean the same in RE2, unchanged: each was compared on thousands of values. */
const PROVEN: ReadonlySet<string> = new Set(
  [
    r.email,
    r.guid,
    r.uuid(),
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((version) => r.uuid(version)),
    r.ipv4,
    r.cidrv4,
    r.mac(),
    r.e164,
    r.hex,
    r.sha256_hex,
    r.nanoid,
    r.cuid,
    r.cuid2,
    r.ulid,
    r.xid,
    r.ksuid,
    r.date,
    r.lowercase,
    r.uppercase,
    ...timePatterns(),
  ].map((regex) => regex.source),
);

function timePatterns(): RegExp[] {
  const precisions = [undefined, -1, 0, 1, 2, 3, 4, 5, 6];
  const times = precisions.map((precision) => r.time({ precision }));
  const datetimes = precisions.flatMap((precision) =>
    [true, false].flatMap((local) => [true, false].map((offset) => r.datetime({ precision, local, offset }))),
  );
  return [...times, ...datetimes];
}

function patternPredicate(regex: RegExp, s: string): Predicate | undefined {
  if (regex.source === r.lowercase.source && regex.flags === '') return { pass: `NOT ${matches(s, '[A-Z]')}` };
  if (regex.source === r.uppercase.source && regex.flags === '') return { pass: `NOT ${matches(s, '[a-z]')}` };
  if (regex.flags === '' && PROVEN.has(regex.source)) return { pass: matches(s, regex.source) };
  if (!regex.source.isWellFormed()) return undefined;
  const translated = translateRegex(regex);
  if (!translated) return undefined;
  const found = matches(s, translated.pattern);
  if (translated.guard === 'none') return { pass: found };
  const isAscii = `strlen(${s}) = length(${s})`;
  if (translated.guard === 'ascii') return guarded(found, isAscii);
  return guarded(found, `(${isAscii} OR NOT ${matches(s, '[\\x{10000}-\\x{10FFFF}]')})`);
}

function guarded(found: string, guard: string): Predicate {
  return { pass: `(${found} AND ${guard})`, undecided: `NOT ${guard}` };
}

const HEX = '[0-9a-fA-F]{1,4}';
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const LAST = `(?:${HEX}:${HEX}|(?:${OCTET}\\.){3}${OCTET})`;

// RFC 4291, in the nine forms by how many groups stand before the double colon.
const IPV6 = [
  `(?:${HEX}:){6}${LAST}`,
  `::(?:${HEX}:){5}${LAST}`,
  `(?:${HEX})?::(?:${HEX}:){4}${LAST}`,
  `(?:(?:${HEX}:){0,1}${HEX})?::(?:${HEX}:){3}${LAST}`,
  `(?:(?:${HEX}:){0,2}${HEX})?::(?:${HEX}:){2}${LAST}`,
  `(?:(?:${HEX}:){0,3}${HEX})?::${HEX}:${LAST}`,
  `(?:(?:${HEX}:){0,4}${HEX})?::${LAST}`,
  `(?:(?:${HEX}:){0,5}${HEX})?::${HEX}`,
  `(?:(?:${HEX}:){0,6}${HEX})?::`,
].join('|');

const URL_SHORTCUT =
  '^https?://(?:[a-z0-9]+(?:-[a-z0-9]+)*\\.)+[a-z]{2,}(?::[0-9]{1,4})?(?:[/?#][A-Za-z0-9/?#._~!$&()*+,;=:@%-]*)?$';

const FORMATS: Readonly<Record<StringFormat, (s: string, date: string) => Predicate>> = {
  // A date that reads back as it was written is one; the pattern decides the rest (year 0).
  date: (s, date) => ({
    pass: `CASE WHEN strlen(${s}) = 10 AND ${date}::VARCHAR = ${s} THEN TRUE ELSE ${matches(s, r.date.source)} END`,
  }),
  // RE2 has no lookahead: what zod's pattern looks ahead for is said beside it.
  duration: (s) => ({
    pass: `(${matches(s, '^P\\d+W$')} OR (${matches(s, '^P(\\d+Y)?(\\d+M)?(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+([.,]\\d+)?S)?)?$')} AND ${matches(s, '^PT?\\d')} AND NOT suffix(${s}, 'T')))`,
  }),
  hostname: (s) => ({
    pass: `(length(regexp_replace(${s}, '\\.$', '')) BETWEEN 1 AND 253 AND ${matches(s, r.hostname.source.replace('(?=.{1,253}\\.?$)', ''))})`,
  }),
  // zod asks the URL parser, not its own pattern.
  ipv6: (s) => ({ pass: matches(s, `^(?:${IPV6})$`) }),
  // Only prefixes written in digits are plain: zod also takes `/1.5`.
  cidrv6: (s) => ({
    pass: matches(s, `^(?:${IPV6})/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])$`),
    undecided: `(contains(${s}, '/') AND NOT ${matches(s, '/[0-9]+$')})`,
  }),
  base64: (s) => ({ pass: matches(s, r.base64.source) }),
  base64url: (s) => ({ pass: matches(s, r.base64url.source) }),
  // Only ever accepts: the URL parser has too many ways to write one.
  url: (s) => ({ pass: `(${matches(s, URL_SHORTCUT)} AND NOT contains(${s}, 'xn-'))`, undecided: `${s} IS NOT NULL` }),
};
