import { allChecks, PATTERN_FORMAT } from './checks.js';
import { definitionOf, type Schema } from './schema.js';
import { partsOf } from './schema-parts.js';
import { stringboolOf } from './stringbool.js';

/**
 * Whether zod's judgement of a value could take for ever: the schema holds a function of the user's, or a pattern for which a
 * backtracking engine may need more than a time proportional to the text.
 */
export function mayRunLong(schema: Schema): boolean {
  const seen = new Set<Schema>();
  const look = (at: Schema): boolean => {
    if (seen.has(at) || stringboolOf(at) !== undefined) return false;
    seen.add(at);
    return hasFunction(at) || allChecks(at).some(isLong) || partsOf(at).some(([, part]) => look(part));
  };
  return look(schema);
}

const OWN_CODE: ReadonlySet<string> = new Set(['custom', 'transform', 'pipe', 'function', 'template_literal']);

// A default is asked for once a step and not by row; a `catch` with a function is asked by row.
function hasFunction(schema: Schema): boolean {
  const def = definitionOf(schema);
  if (def.type === 'catch') return !('~constantCatch' in def.catchValue);
  return OWN_CODE.has(def.type);
}

function isLong(check: ReturnType<typeof allChecks>[number]): boolean {
  const def = check._zod.def as {
    readonly check: string;
    readonly format?: string;
    readonly pattern?: RegExp;
    readonly fn?: (value: string) => unknown;
  };
  if (def.check === 'custom' || def.check === 'overwrite') return true;
  if (def.fn !== undefined && String(def.fn) !== PATTERN_FORMAT) return true;
  return def.format === 'regex' && def.pattern !== undefined && !isQuick(def.pattern);
}

const MOST_VARIABLE = 4;

/**
 * Whether a pattern surely needs no more than a few passes over a text: nothing repeated is repeated, only one repetition is
 * without bound, and that is anchored. Many harmless patterns are not seen to be so.
 */
export function isQuick({ source }: RegExp): boolean {
  const plain = source
    .replace(/\\./g, 'a')
    .replace(/\[[^\]]*\]/g, 'a')
    .replace(/\(\?(?:[:=!]|<[^>]*>|<[=!])/g, '(');
  if (/\)[*+{]/.test(plain)) return false;
  const unbounded = plain.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  const variable = plain.match(/[*+?]|\{\d+,\d*\}/g)?.length ?? 0;
  return variable <= MOST_VARIABLE && (unbounded === 0 || (unbounded === 1 && plain.startsWith('^') && !plain.includes('|')));
}
