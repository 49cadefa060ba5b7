import type { z } from 'zod';
import { definitionOf, type Schema } from './schema.js';

/** The schemas within a schema, each with the step of the path to it; none for those that are the value itself. */
export function partsOf(schema: Schema): readonly (readonly [step: string, part: Schema])[] {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'catch':
      return [['', def.innerType]];
    case 'pipe':
      return [
        ['', def.in],
        ['', def.out],
      ];
    case 'lazy':
      return [['', (schema as z.core.$ZodLazy)._zod.innerType]];
    case 'array':
      return [['*', def.element]];
    case 'tuple':
      return [...def.items.map((item, index) => [String(index), item] as const), ...(def.rest ? [['*', def.rest] as const] : [])];
    case 'object':
      return [...Object.entries(def.shape), ...(def.catchall ? [['*', def.catchall] as const] : [])];
    case 'record':
      return [['*', def.valueType]];
    case 'union':
      return def.options.map((option) => ['', option] as const);
    case 'intersection':
      return [
        ['', def.left],
        ['', def.right],
      ];
    default:
      return [];
  }
}

/** Whether a schema contains itself, as a tree's nodes do. */
export function containsItself(schema: Schema): boolean {
  const seen = new Set<Schema>();
  const reaches = (from: Schema, depth: number): boolean =>
    partsOf(from).some(([, part]) => {
      // Getters that make new schemas for ever lead nowhere else.
      if (part === schema || depth > MOST_DEPTH) return true;
      if (seen.has(part)) return false;
      seen.add(part);
      return reaches(part, depth + 1);
    });
  return reaches(schema, 0);
}

const MOST_DEPTH = 100;
