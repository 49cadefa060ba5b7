import type { z } from 'zod';
import type { Contract } from '../config/contract.js';
import { columnSpecs } from '../contracts/columns.js';
import { doubleOf, isoText, millisOf } from '../contracts/image.js';
import { outputBase } from '../contracts/introspect.js';
import { acceptsNull, definitionOf, outputLeaf, type Schema } from '../contracts/schema.js';
import { familyOf } from '../contracts/types.js';
import type { Column } from '../core/dataset.js';
import { quoteIdentifier } from '../core/filter.js';
import type { InputColumn, Nested } from './plan.js';

/** How an input is read: SQL for each column, in the order of the plan's columns. */
export interface InputReading {
  readonly select: readonly string[];
  readonly columns: readonly InputColumn[];
}

type Read = Pick<InputColumn, 'read' | 'nested'> & { readonly sql: string };

/**
 * How the columns of a dataset become the rows that its contract describes: values are such as zod gives them, whatever
 * DuckDB's types are. Columns that the contract keeps without naming them are read by their type.
 */
export function readInput(contract: Contract, columns: readonly Column[]): InputReading {
  const specs = new Map(columnSpecs(contract).map((spec) => [spec.name, spec.schema]));
  const reads = columns.map((column) => {
    const schema = specs.get(column.name);
    const { sql, ...rest } = readColumn(schema, column);
    const leaveOut = schema !== undefined && !acceptsNull(schema);
    return { sql, column: { name: column.name, leaveOut, ...rest } };
  });
  return { select: reads.map(({ sql }) => sql), columns: reads.map(({ column }) => column) };
}

function readColumn(schema: Schema | undefined, column: Column): Read {
  const v = quoteIdentifier(column.name);
  const base = schema && outputBase(schema);
  const family = familyOf(column.type);
  const isText = family === 'text' || family === 'time';
  if (schema && isNested(outputLeaf(schema))) return nested(v, column, outputLeaf(schema));
  if (base?.kind === 'string') return plain(text(isoText(base, column, v)));
  if (base?.kind === 'bigint') return plain(`${v}::HUGEINT`);
  if (base?.kind === 'number') return plain(doubleOf(column, v));
  if (base?.kind === 'date') return { sql: `CAST(${millisOf(v)} AS DOUBLE)`, read: 'date', nested: 'as it is' };
  if (family === 'boolean') return plain(v);
  if (family === 'integer' && base?.kind === 'values' && base.values.some((value) => typeof value === 'bigint'))
    return plain(`${v}::HUGEINT`);
  if (family === 'integer' || family === 'float' || family === 'decimal') return plain(doubleOf(column, v));
  if (family === 'date' || family === 'timestamp' || family === 'timestamptz')
    return { sql: `CAST(${millisOf(v)} AS DOUBLE)`, read: 'date', nested: 'as it is' };
  if (isText && column.type !== 'JSON') return plain(text(`${v}::VARCHAR`));
  return { sql: text(`to_json(${v})::VARCHAR`), read: 'json', nested: 'as it is' };
}

function plain(sql: string): Read {
  return { sql, read: 'plain', nested: 'as it is' };
}

// The driver strips a leading U+FEFF from what it hands over: where there is one, it gets another to strip.
function text(sql: string): string {
  return `CASE WHEN starts_with(${sql}, chr(65279)) THEN chr(65279) || ${sql} ELSE ${sql} END`;
}

function nested(v: string, column: Column, schema: Schema): Read {
  const plan = nestedPlan(schema, 0);
  // Whole numbers beyond 2^53 would lose digits as JSON numbers, so they become texts where the contract has bigints.
  const exact = JSON.stringify(plan).includes('"bigint"') ? `CAST(${v} AS ${wholeAsText(column.type)})` : v;
  const json = column.type === 'JSON' || column.type === 'VARCHAR' ? `${v}::VARCHAR` : `to_json(${exact})::VARCHAR`;
  return { sql: text(json), read: 'json', nested: plan };
}

// Names of fields are left alone: they stand in quotes or before a space.
function wholeAsText(type: string): string {
  return type.replaceAll(/"(?:[^"]|"")*"|(?<=[ (]|^)U?(?:BIGINT|HUGEINT)(?=[,)[]|$)/g, (found) =>
    found.startsWith('"') ? found : 'VARCHAR',
  );
}

function isNested(leaf: Schema): boolean {
  return ['array', 'object', 'record', 'tuple', 'map', 'set', 'union', 'intersection'].includes(definitionOf(leaf).type);
}

const DEEPEST = 32;

function nestedPlan(schema: Schema, depth: number): Nested {
  const def = definitionOf(outputLeaf(schema));
  // A schema that contains itself has no end: what lies deeper stays as JSON says it.
  if (depth > DEEPEST) return 'as it is';
  const part = (inner: Schema): Nested => nestedPlan(inner, depth + 1);
  switch (def.type) {
    case 'bigint':
    case 'number':
    case 'date':
      return def.type;
    case 'array':
      return { list: part(def.element) };
    case 'tuple':
      return { tuple: def.items.map(part), rest: def.rest ? part(def.rest) : 'as it is' };
    case 'record':
      return { values: part(def.valueType) };
    case 'object':
      return { fields: fieldPlans(def.shape, part) };
    default:
      return 'as it is';
  }
}

function fieldPlans(shape: z.core.$ZodShape, part: (inner: Schema) => Nested) {
  const entries = Object.entries(shape).map(
    ([name, inner]) => [name, { nested: part(inner), leaveOut: !acceptsNull(inner) }] as const,
  );
  return Object.fromEntries(entries);
}
