import type { RunRow } from '../src/catalog/index.js';
import type { RunChanges, RunCode } from '../src/core/admission.js';

/** Names that are kept; a history has to hold them. */
const MAX_NAMES = 50;

/** What a retry does otherwise than the run that it retries: whoever compares their results wants to know. */
export function changesSince(
  before: Pick<RunRow, 'params' | 'code' | 'version'>,
  params: Readonly<Record<string, unknown>>,
  { hash, version }: RunCode,
): RunChanges {
  const earlier = (before.params ?? {}) as Readonly<Record<string, unknown>>;
  const names = [...new Set([...Object.keys(earlier), ...Object.keys(params)])].filter(
    (name) => canonical(earlier[name]) !== canonical(params[name]),
  );
  return {
    params: names.toSorted().slice(0, MAX_NAMES),
    code: before.code === null ? 'unknown' : before.code === hash ? 'same' : 'other',
    ...(before.version !== null && before.version !== version && { version: { from: before.version, to: version } }),
  };
}

/** The same text for the same value, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
