import type pg from 'pg';
import { TerminalError } from '../../core/errors.js';
import { connectPostgres } from '../../postgres/connect.js';
import type { TableRules } from '../../core/table.js';
import { translatePostgresError } from './errors.js';
import type { ResolvedPostgres } from './options.js';
import { parseTableName } from './table-name.js';

interface ColumnRow {
  readonly name: string;
  readonly required: boolean;
  readonly length: number | null;
  readonly labels: string[] | null;
  readonly checks: string[];
}

/** What a table declares of its columns. @throws TerminalError TABLE_MISSING */
export async function readTableRules(settings: ResolvedPostgres, table: string, sample: number): Promise<TableRules> {
  const name = parseTableName(table, settings.schema);
  let client: pg.Client | undefined;
  try {
    client = await connectPostgres(settings.url, 'millrace import');
    await client.query('SET default_transaction_read_only = on');
    const { rows } = await client.query<ColumnRow>(COLUMNS, [name.sql]);
    if (rows.length === 0) {
      throw new TerminalError(
        'TABLE_MISSING',
        `Table ${name.sql} does not exist in connection "${settings.connection}", or has no columns. Check the name, with its schema.`,
      );
    }
    const key = await client.query<{ name: string }>(KEY, [name.sql]);
    return {
      key: key.rows.map((row) => row.name),
      columns: rows.map(({ name: column, required, length, labels, checks }) => {
        const members = labels ?? membersOf(checks);
        return {
          name: column,
          nullable: !required,
          ...(length !== null && { maxLength: length }),
          ...(members && { members }),
        };
      }),
      sample: `SELECT * FROM ${name.sql} LIMIT ${sample}`,
    };
  } catch (error) {
    throw translatePostgresError(error, settings, `table ${name.sql}`);
  } finally {
    await client?.end().catch(() => undefined);
  }
}

const COLUMNS = `
  SELECT a.attname::text AS name, a.attnotnull AS required,
    CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4 END AS length,
    (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid) AS labels,
    ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
          WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.convalidated AND k.conkey = ARRAY[a.attnum]) AS checks
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

const KEY = `
  SELECT a.attname::text AS name FROM pg_index i
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS part(attnum, at)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = part.attnum
  WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY part.at`;

/** The texts of `CHECK (column = ANY (ARRAY['a'::text, …]))`, which is how the server writes `column IN ('a', …)`. */
function membersOf(checks: readonly string[]): string[] | undefined {
  for (const check of checks) {
    const [, list] = /^CHECK \(\(+[^()']+\)?(?:::text)? = ANY \(\(?ARRAY\[(.*)\]\)?(?:::text\[\])?\)\)+$/s.exec(check) ?? [];
    if (list === undefined) continue;
    const texts = [...list.matchAll(/'((?:[^']|'')*)'::[a-z ]+(?:, |$|\))/g)].map(([, value = '']) =>
      value.replaceAll("''", "'"),
    );
    if (texts.length > 0) return texts;
  }
  return undefined;
}
