import fc from 'fast-check';
import type { z } from 'zod';

/** A wrapper around a schema, and what becomes of a row without a value. */
export const wrapper: fc.Arbitrary<readonly [string, (schema: z.ZodType) => z.ZodType]> = fc.constantFrom<
  readonly [string, (schema: z.ZodType) => z.ZodType]
>(
  ['plain', (schema) => schema],
  ['plain', (schema) => schema],
  ['nullable', (schema) => schema.nullable()],
  ['optional', (schema) => schema.optional()],
  ['nullish', (schema) => schema.nullish()],
  ['readonly', (schema) => schema.readonly()],
  ['described', (schema) => schema.describe('x').meta({ classification: 'pii' })],
  ['optional nullable readonly', (schema) => schema.optional().nullable().readonly()],
  ['nonoptional', (schema) => schema.optional().nonoptional()],
);
