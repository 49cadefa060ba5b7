import { z } from 'zod';

/** A JSON Schema, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Turns zod's schemas into those of a document; schemas with an id become its components. */
export interface SchemaBook {
  /** What callers send. */
  input(schema: z.ZodObject): ObjectSchema;
  /** What they get. */
  output(schema: z.ZodType): JsonSchema;
  /** Every schema with an id so far. */
  readonly components: Readonly<Record<string, JsonSchema>>;
}

export interface ObjectSchema extends JsonSchema {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

export function openSchemaBook(): SchemaBook {
  const components: Record<string, JsonSchema> = {};
  function convert(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const made = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
    const { $schema: _, $defs = {}, ...rest } = relocated(made) as JsonSchema & { readonly $defs?: Record<string, JsonSchema> };
    Object.assign(components, $defs);
    return rest;
  }
  return {
    components,
    input: (schema) => convert(schema.strict(), 'input') as ObjectSchema,
    output: (schema) => convert(schema, 'output'),
  };
}

/** Lets references lead to the components of the document. */
function relocated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocated);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      // A component has its name by its place; an `id` within would be a base for references.
      .filter(([key, each]) => !(key === 'id' && typeof each === 'string'))
      .map(([key, each]) => [
        key,
        key === '$ref' && typeof each === 'string' ? each.replace('#/$defs/', '#/components/schemas/') : relocated(each),
      ]),
  );
}
