import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';

/** A table's full name. Names are taken as they are written: nothing is folded to lower case. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
  /** `"schema"."table"`, ready for SQL. */
  readonly sql: string;
}

/** Postgres cuts longer names, so that two of them may come to be one. */
const MAX_NAME_BYTES = 63;

/** Whether Postgres takes a name as it is. */
export function isWholeName(name: string): boolean {
  return Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

/**
 * Reads `table`, `schema.table`, or the same with double quotes around a name that holds a dot.
 * @throws TerminalError OPTION_INVALID for anything else
 */
export function parseTableName(text: string, defaultSchema: string): TableName {
  const names = [...text.matchAll(/(?:^|\.)(?:"((?:[^"]|"")+)"|([^".]+))(?=\.|$)/g)].map(
    (match) => match[1]?.replaceAll('""', '"') ?? (match[2] as string),
  );
  const parts = names.length === 1 ? [defaultSchema, ...names] : names;
  const [schema, table, ...rest] = parts;
  const whole = text.match(/(?:^|\.)(?:"(?:[^"]|"")+"|[^".]+)(?=\.|$)/g)?.join('') === text;
  if (!whole || schema === undefined || table === undefined || rest.length > 0) {
    throw new TerminalError(
      'OPTION_INVALID',
      `"${text}" is not the name of a table. Write table or schema.table; put a name that holds a dot in double quotes.`,
    );
  }
  const long = [schema, table].find((name) => !isWholeName(name));
  if (long !== undefined) {
    throw new TerminalError(
      'OPTION_INVALID',
      `"${text}" is not the name of a table: Postgres cuts names after ${MAX_NAME_BYTES} bytes, and "${long}" has ${Buffer.byteLength(long)}. Choose a shorter one.`,
    );
  }
  return { schema, table, sql: `${quoteIdentifier(schema)}.${quoteIdentifier(table)}` };
}
