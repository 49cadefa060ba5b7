import type pg from 'pg';
import { connectPostgres } from '../../postgres/connect.js';
import type { SourceTable } from '../contract.js';
import { translatePostgresError } from './errors.js';
import type { ResolvedPostgres } from './options.js';

/** A table's size is its files': asking for it waits for whoever is altering the table. So long, then it is estimated. */
const SIZE_LOCK_TIMEOUT_MS = 1_000;

interface TableRow {
  schema: string;
  table: string;
  key: string[] | null;
  columns: { name: string; generated: boolean }[];
  rows: string | null;
  bytes: string;
}

/**
 * Ordinary and partitioned tables, whether the user may read them or not: one that is left out in silence would be missed
 * too late. Not among them: what belongs to the system, to an extension or to the ledger, temporary tables, and partitions,
 * whose rows their table has.
 */
export async function listTables(settings: ResolvedPostgres): Promise<SourceTable[]> {
  let client: pg.Client | undefined;
  try {
    client = await connectPostgres(settings.url, 'millrace discover');
    await client.query(`SET default_transaction_read_only = on; SET lock_timeout = ${SIZE_LOCK_TIMEOUT_MS}`);
    const rows = await readTables(client, settings.ledgerSchema);
    return rows.map(({ schema, table, key, columns, rows: estimate, bytes }) => ({
      name: formatTableName({ schema, table }),
      schema,
      table,
      key: key ?? [],
      columns,
      rows: estimate === null ? null : Number(estimate),
      bytes: Number(bytes),
    }));
  } catch (error) {
    throw translatePostgresError(error, settings, 'the list of tables');
  } finally {
    await client?.end().catch(() => undefined);
  }
}

/** Writes a name as `parseTableName` reads it. */
export function formatTableName({ schema, table }: { readonly schema: string; readonly table: string }): string {
  const quote = (name: string): string => (/[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
  return `${quote(schema)}.${quote(table)}`;
}

async function readTables(client: pg.Client, ledgerSchema: string): Promise<TableRow[]> {
  try {
    return (await client.query<TableRow>(tablesStatement('pg_table_size(l.oid)'), [ledgerSchema])).rows;
  } catch (error) {
    if ((error as { code?: unknown }).code !== '55P03') throw error;
    const estimate = `l.relpages * current_setting('block_size')::bigint`;
    return (await client.query<TableRow>(tablesStatement(estimate), [ledgerSchema])).rows;
  }
}

// A table's rows lie in itself and, where it is partitioned, in the leaves below.
const tablesStatement = (size: string): string => `
  SELECT n.nspname::text AS schema, c.relname::text AS table,
    (SELECT ARRAY(${columnsOfIndex('a.attname::text')}) FROM pg_index i
     WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
       AND NOT EXISTS (SELECT 1 FROM (${columnsOfIndex('a.attnotnull')}) AS k WHERE NOT k.attnotnull)
     ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1) AS key,
    (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'generated', a.attgenerated <> '') ORDER BY a.attnum), '[]')
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    size.rows, size.bytes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (
    SELECT CASE WHEN min(l.reltuples) >= 0 THEN sum(l.reltuples)::bigint END AS rows, coalesce(sum(${size}), 0)::bigint AS bytes
    FROM pg_class l
    WHERE l.oid IN (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid)) AND l.relkind <> 'p'
  ) AS size
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND n.nspname <> $1
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname`;

function columnsOfIndex(what: string): string {
  return `SELECT ${what} FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS part(attnum, at)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = part.attnum WHERE part.at <= i.indnkeyatts ORDER BY part.at`;
}
