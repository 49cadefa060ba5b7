import type pg from 'pg';
import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';

/** One column of a table or query and how its values are read without changing any. */
export interface SourceColumn {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly type: string;
  /** `numeric`, `int4`; an array's begins with `_`. */
  readonly base: string;
  readonly nullable: boolean;
}

/** Postgres types that DuckDB reads as they are, and what they are then. */
const NATIVE: Readonly<Record<string, string>> = {
  bool: 'BOOLEAN',
  int2: 'SMALLINT',
  int4: 'INTEGER',
  int8: 'BIGINT',
  float4: 'FLOAT',
  float8: 'DOUBLE',
  text: 'VARCHAR',
  varchar: 'VARCHAR',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  uuid: 'UUID',
};

/** Beyond this moment a Postgres timestamp does not fit DuckDB's, which would wrap it round silently. */
const LAST_TIMESTAMP = '294247-01-01';

/** Begins the message by which the server refuses a row whose value would change; the column's position follows. */
const INEXACT = 'millrace reads as text: column ';

/** What the driver says about a SELECT's columns, without running it. */
export async function describeSelect(side: pg.Client, sql: string): Promise<SourceColumn[]> {
  const { fields } = await side.query({ text: `SELECT * FROM (${sql}\n) AS source LIMIT 0`, rowMode: 'array' });
  requireDistinctNames(fields.map((field) => field.name));
  const { rows } = await side.query<{ type: string; base: string; required: boolean | null }>(
    `SELECT format_type(t.oid, f.modifier) AS type, t.typname::text AS base, a.attnotnull AS required
     FROM unnest($1::oid[], $2::int[], $3::oid[], $4::int[]) WITH ORDINALITY AS f(type_id, modifier, table_id, column_id, position)
     JOIN pg_type t ON t.oid = f.type_id
     LEFT JOIN pg_attribute a ON a.attrelid = f.table_id AND a.attnum = f.column_id
     ORDER BY f.position`,
    [
      fields.map((field) => field.dataTypeID),
      fields.map((field) => field.dataTypeModifier),
      fields.map((field) => field.tableID),
      fields.map((field) => field.columnID),
    ],
  );
  return rows.map((row, at) => ({
    name: (fields[at] as pg.FieldDef).name,
    type: row.type,
    base: row.base,
    nullable: row.required !== true,
  }));
}

function requireDistinctNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase()))
      throw new TerminalError(
        'OPTION_INVALID',
        `The query gives the column "${name}" twice (case does not count). Give each column a name of its own with AS.`,
      );
    seen.add(name.toLowerCase());
  }
}

/** The column as the dataset has it. `asText` holds the names of columns that must travel as text after all. */
export function datasetColumn(column: SourceColumn, asText: ReadonlySet<string>): Column {
  const { name, nullable } = column;
  if (column.base === 'bpchar') return { name, nullable, type: 'VARCHAR' };
  const type = asText.has(name) ? undefined : nativeType(column);
  return type === undefined ? { name, nullable, type: 'VARCHAR', sourceType: column.type } : { name, nullable, type };
}

/** The column in the SELECT list that the server runs. */
export function selectExpression(column: SourceColumn, asText: ReadonlySet<string>): string {
  const name = quoteIdentifier(column.name);
  return datasetColumn(column, asText).sourceType === undefined ? name : `${name}::text AS ${name}`;
}

/** The column in the SELECT list that DuckDB runs over what the server gives. */
export function readExpression(column: SourceColumn): string {
  const name = quoteIdentifier(column.name);
  if (column.base !== 'bpchar') return name;
  // Blanks that pad a char(n) are no part of its value. The server would take them off as well, at a higher price; and to see
  // that there is none is cheaper than to take none off.
  return `CASE WHEN ends_with(${name}, ' ') THEN rtrim(${name}, ' ') ELSE ${name} END AS ${name}`;
}

/**
 * A condition that is always true, or fails the query at the first value that DuckDB would read as another one: a NaN in a
 * numeric (read as 0), a timestamp after the year 294246 (wrapped), an array of several dimensions or not counted from 1.
 */
export function exactnessCondition(columns: readonly SourceColumn[], asText: ReadonlySet<string>): string {
  const cases = columns.flatMap((column, position) => {
    if (asText.has(column.name) || nativeType(column) === undefined) return [];
    const test = inexactTest(column);
    return test === undefined
      ? []
      : [`WHEN ${test} THEN ('${INEXACT}${position} ' || ${quoteIdentifier(column.name)}::text)::int IS NULL`];
  });
  return cases.length === 0 ? 'TRUE' : `CASE ${cases.join(' ')} ELSE TRUE END`;
}

/** The column at which {@link exactnessCondition} failed the query, if it was that. */
export function inexactColumn(message: string, columns: readonly SourceColumn[]): SourceColumn | undefined {
  const position = new RegExp(`${INEXACT}(\\d+) `).exec(message)?.[1];
  return position === undefined ? undefined : columns[Number(position)];
}

function inexactTest({ name, base }: SourceColumn): string | undefined {
  const column = quoteIdentifier(name);
  const element = base.replace(/^_/, '');
  const isArray = element !== base;
  const tests = isArray ? [`array_ndims(${column}) > 1`, `array_lower(${column}, 1) <> 1`] : [];
  if (element === 'numeric') tests.push(isArray ? `'NaN' = ANY (${column})` : `${column} = 'NaN'`);
  if (element === 'timestamp' || element === 'timestamptz') {
    tests.push(
      isArray ? `'${LAST_TIMESTAMP}' <= ANY (${column})` : `(${column} >= '${LAST_TIMESTAMP}' AND ${column} <> 'infinity')`,
    );
  }
  return tests.length === 0 ? undefined : tests.join(' OR ');
}

function nativeType(column: SourceColumn): string | undefined {
  const isArray = column.base.startsWith('_');
  const element = column.base.replace(/^_/, '');
  const native = element === 'numeric' ? decimalType(column.type) : NATIVE[element];
  if (native === undefined) return element === 'bytea' && !isArray ? 'BLOB' : undefined;
  return isArray ? `${native}[]` : native;
}

function decimalType(type: string): string | undefined {
  const [, precision, scale] = /^numeric\((\d+),(\d+)\)/.exec(type) ?? [];
  if (precision === undefined || scale === undefined) return undefined;
  return Number(precision) <= 38 && Number(scale) <= Number(precision) ? `DECIMAL(${precision},${scale})` : undefined;
}
