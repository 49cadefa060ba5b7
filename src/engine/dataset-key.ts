import { createHash } from 'node:crypto';
import { version as engineVersion } from '@duckdb/node-api';
import { canonicalJson } from '../core/canonical-json.js';

/** What computes datasets: part of every key, since another version may compute other bytes. */
export const ENGINE = `duckdb ${engineVersion()}`;

/**
 * Counted up when Millrace itself comes to make other rows of the same facts, so that what it made before is not used again.
 * 2: lines of texts in large CSV files are no rows; what functions of contracts give is not rounded.
 */
const REVISION = 2;

/**
 * sha256 of everything that determines a dataset, known before the work: code, contract, parameters, engine, the
 * source's fingerprint, the parents' content. The same facts in another order give the same key.
 */
export function datasetKey(facts: Readonly<Record<string, unknown>>): string {
  return hashOfFacts({ ...facts, engine: ENGINE, revision: REVISION });
}

/** sha256 of facts, in whatever order they are given. */
export function hashOfFacts(facts: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(canonicalJson(facts)).digest('hex');
}
