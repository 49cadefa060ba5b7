import { z } from 'zod';
import type { Empty } from './rules.js';
import type { Schema } from './schema.js';

/** Where a value stands: under a key, which may be missing, or in a list. */
export type Place = 'key' | 'item';

export interface Outcome {
  /** Whether a row without the key is rejected. */
  readonly required: boolean;
  readonly empty: Empty;
}

/**
 * What zod makes of no value, by asking it once. NULL is `null` where the schema accepts that, and otherwise a missing key;
 * in a list, `undefined`. Gives `undefined` where zod cannot say, or gives what SQL cannot hold.
 */
export function outcomeOfNothing(schema: Schema, takesNull: boolean, place: Place): Outcome | undefined {
  try {
    const absent = ask(schema, place, undefined);
    const found = takesNull ? ask(schema, place, null) : absent;
    if (!found.success) return { required: !absent.success, empty: { kind: 'reject' } };
    if (found.value === null || found.value === undefined) return { required: !absent.success, empty: { kind: 'accept' } };
    return isConstant(found.value) ? { required: !absent.success, empty: { kind: 'default', value: found.value } } : undefined;
  } catch {
    return undefined;
  }
}

function ask(schema: Schema, place: Place, value: null | undefined): { success: boolean; value: unknown } {
  if (place === 'item') {
    const result = (schema as z.ZodType).safeParse(value);
    return { success: result.success, value: result.data };
  }
  const result = z.object({ key: schema as z.ZodType }).safeParse(value === undefined ? {} : { key: value });
  return { success: result.success, value: result.data?.key };
}

/** An empty list or record: the only constants with parts that every type which may hold them surely holds. */
export function isEmptyComposite(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Date) && Object.keys(value).length === 0;
}

function isConstant(value: unknown): boolean {
  if (isEmptyComposite(value)) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.isWellFormed();
  return ['boolean', 'bigint'].includes(typeof value) || (value instanceof Date && !Number.isNaN(value.getTime()));
}
