import type { z } from 'zod';

/** Any zod schema, seen through its public definition. */
export type Schema = z.core.$ZodType;

/** What zod's definition says, as the union of all the types it knows. */
export function definitionOf(schema: Schema): z.core.$ZodTypes['_zod']['def'] {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** The version of the zod that made a schema, as `4.6.7`. */
export function versionOf(schema: Schema): string {
  const { major, minor, patch } = schema._zod.version;
  return `${major}.${minor}.${patch}`;
}

/**
 * Whether NULL reaches the schema as JavaScript's `null`; where it does not, a NULL is a missing key. One answer for all
 * sources, so that the same contract means the same over CSV, Parquet and databases.
 */
export function acceptsNull(schema: Schema): boolean {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'nullable':
    case 'null':
    case 'any':
    case 'unknown':
      return true;
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return acceptsNull(def.innerType);
    case 'union':
      return def.options.some(acceptsNull);
    case 'literal':
      return def.values.includes(null);
    case 'pipe':
      return acceptsNull(def.in);
    case 'lazy':
    case 'custom':
    case 'transform':
      return passesNull(schema);
    default:
      return 'coerce' in def && def.coerce === true ? passesNull(schema) : false;
  }
}

function passesNull(schema: Schema): boolean {
  try {
    const result = schema._zod.run({ value: null, issues: [] }, { async: false });
    return !(result instanceof Promise) && result.issues.length === 0;
  } catch {
    return false;
  }
}

/** The schema that first looks at a value: wrappers taken off, the left side of a pipe. */
export function inputLeaf(schema: Schema): Schema {
  return leafOf(schema, 'in');
}

/** The schema that last looks at a value: wrappers taken off, the right side of a pipe. */
export function outputLeaf(schema: Schema): Schema {
  return leafOf(schema, 'out');
}

function leafOf(schema: Schema, side: 'in' | 'out'): Schema {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return leafOf(def.innerType, side);
    case 'pipe':
      return leafOf(def[side], side);
    case 'lazy':
      return leafOf((schema as z.core.$ZodLazy)._zod.innerType, side);
    case 'union': {
      const [option, ...others] = valueOptions(def.options);
      return option !== undefined && others.length === 0 ? leafOf(option, side) : schema;
    }
    default:
      return schema;
  }
}

/** The options of a union that speak of values; the others of null and undefined. */
export function valueOptions(options: readonly Schema[]): readonly Schema[] {
  return options.filter((option) => !['null', 'undefined'].includes(definitionOf(option).type));
}
