import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';

/** A table's full name. Names are taken as they are written: nothing is folded to lower case. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
  /** `"schema"."table"`, ready for SQL. */
  readonly sql: string;
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
  return { schema, table, sql: `${quoteIdentifier(schema)}.${quoteIdentifier(table)}` };
}
