import { createHash } from 'node:crypto';
import { version as engineVersion } from '@duckdb/node-api';

/** What computes datasets: part of every key, since another version may compute other bytes. */
export const ENGINE = `duckdb ${engineVersion()}`;

/**
 * sha256 of everything that determines a dataset, known before the work: code, contract, parameters, engine, the
 * source's fingerprint, the parents' content. The same facts in another order give the same key.
 */
export function datasetKey(facts: Readonly<Record<string, unknown>>): string {
  return hashOfFacts({ ...facts, engine: ENGINE });
}

/** sha256 of facts, in whatever order they are given. */
export function hashOfFacts(facts: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(canonical(facts)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
    .join(',')}}`;
}
