import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { Session } from '../contract.js';
import { select } from './attached.js';
import type { TableName } from './table-name.js';

/** One column of a table as Postgres declares it. */
export interface TableColumn {
  readonly name: string;
  /** As `format_type` writes it: `numeric(10,2)`, `character varying(5)`, `integer[]`. */
  readonly type: string;
  /** Name of the base type, a domain's resolved: `numeric`, `int4`, `_text` for an array of text. */
  readonly base: string;
  /** The base type for a cast, without length or precision, so that assignment checks those instead of cutting. */
  readonly castType: string;
  readonly isDomain: boolean;
  /** Precision and scale of a numeric that has them. */
  readonly precision: number | null;
  readonly scale: number | null;
  readonly required: boolean;
  /** Whether Postgres fills it when a row does not name it: a default or an identity. */
  readonly filled: boolean;
  readonly generated: boolean;
}

export interface TargetTable {
  readonly columns: readonly TableColumn[];
  /** The column sets, sorted, on which a plain unique index stands. */
  readonly uniqueKeys: readonly (readonly string[])[];
}

interface ColumnRow {
  name: string;
  type: string;
  base: string;
  cast_type: string;
  is_domain: boolean;
  modifier: number;
  required: boolean;
  filled: boolean;
  generated: boolean;
}

/**
 * Looks at the target inside the load's transaction; `undefined` when there is no such table.
 *
 * @throws TerminalError TABLE_MISSING when even its schema is missing, TARGET_UNSUITABLE when it is no table (a view)
 */
export async function inspectTarget(session: Session, name: TableName, connection: string): Promise<TargetTable | undefined> {
  const [found] = await select<{ oid: bigint; kind: string }>(
    session,
    `SELECT c.oid::bigint AS oid, c.relkind::text AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ${quoteLiteral(name.schema)} AND c.relname = ${quoteLiteral(name.table)}`,
  );
  if (found === undefined) {
    await requireSchema(session, name, connection);
    return undefined;
  }
  if (!['r', 'p', 'f'].includes(found.kind)) {
    throw new TerminalError(
      'TARGET_UNSUITABLE',
      `${name.sql} in connection "${connection}" is not a table, so it cannot be loaded. Name a table.`,
    );
  }
  return { columns: await readColumns(session, found.oid), uniqueKeys: await readUniqueKeys(session, found.oid) };
}

async function requireSchema(session: Session, name: TableName, connection: string): Promise<void> {
  const found = await select(session, `SELECT 1 AS one FROM pg_namespace WHERE nspname = ${quoteLiteral(name.schema)}`);
  if (found.length > 0) return;
  throw new TerminalError(
    'TABLE_MISSING',
    `The schema "${name.schema}" for the table ${name.sql} does not exist in connection "${connection}". Tables are made when missing, schemas are not. Run: CREATE SCHEMA ${quoteIdentifier(name.schema)};`,
  );
}

async function readColumns(session: Session, oid: bigint): Promise<TableColumn[]> {
  const rows = await select<ColumnRow>(
    session,
    `WITH RECURSIVE resolved AS (
       SELECT a.attnum, a.atttypid AS typid, a.atttypmod AS modifier, false AS is_domain FROM pg_attribute a
       WHERE a.attrelid = ${oid} AND a.attnum > 0 AND NOT a.attisdropped
       UNION ALL
       SELECT r.attnum, t.typbasetype, t.typtypmod, true FROM resolved r JOIN pg_type t ON t.oid = r.typid AND t.typtype = 'd'
     )
     SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type, t.typname::text AS base,
       format_type(t.oid, -1) AS cast_type, r.is_domain,
       r.modifier, a.attnotnull AS required, (a.atthasdef OR a.attidentity <> '') AS filled, a.attgenerated <> '' AS generated
     FROM resolved r JOIN pg_type t ON t.oid = r.typid AND t.typtype <> 'd'
     JOIN pg_attribute a ON a.attrelid = ${oid} AND a.attnum = r.attnum
     ORDER BY a.attnum`,
  );
  return rows.map((row) => ({
    name: row.name,
    type: row.type,
    base: row.base,
    castType: row.cast_type,
    isDomain: row.is_domain,
    ...numericModifier(row),
    required: row.required,
    filled: row.filled,
    generated: row.generated,
  }));
}

// A numeric's modifier is precision and scale in one number, plus 4; the scale has 11 bits with a sign since Postgres 15.
function numericModifier(row: ColumnRow): { precision: number | null; scale: number | null } {
  if (!/^_?numeric$/.test(row.base) || row.modifier < 4) return { precision: null, scale: null };
  const packed = row.modifier - 4;
  return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}

async function readUniqueKeys(session: Session, oid: bigint): Promise<string[][]> {
  const rows = await select<{ columns: string }>(
    session,
    `SELECT (SELECT json_agg(a.attname ORDER BY a.attname)::text FROM pg_attribute a
             WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS columns
     FROM pg_index i
     WHERE i.indrelid = ${oid} AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL`,
  );
  return rows.map((row) => (JSON.parse(row.columns) as string[]).toSorted());
}
