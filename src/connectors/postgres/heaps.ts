import type pg from 'pg';
import { quoteIdentifier } from '../../core/filter.js';
import type { Reading } from './reading.js';

/** One table with rows of its own: the table that is read, or one of its partitions or heirs. */
export interface Heap {
  /** Schema and name, ready for SQL. */
  readonly sql: string;
  /** Of the heap; never 0. */
  readonly pages: number;
  /** With what is stored out of line. */
  readonly bytes: number;
}

/** How a table may be read. */
export interface TableFacts {
  /** The heaps that can be read page by page, in a stable order; none where the table can only be asked for as a whole. */
  readonly heaps: readonly Heap[];
  /** Whether it is one table that the user may lock. */
  readonly lockable: boolean;
}

/** Each one takes a lock in every connection that reads, and servers have room for a few thousand. */
const MOST_HEAPS = 1000;

/** The first version that finds a range of pages without reading all others. */
const TID_RANGE_SCANS = 140_000;

interface Row {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly simple: boolean;
  readonly pages: string;
  readonly bytes: string;
}

/**
 * Finds out whether a table can be read page by page: every row is in a heap, each heap may be read by itself, and gives
 * the same rows as through the table: no foreign table, no row security in a partition, no column that a partition computes in its own way.
 */
export async function tableFacts(side: pg.Client, reading: Reading): Promise<TableFacts> {
  if (!reading.isTable) return { heaps: [], lockable: false };
  const { rows } = await side.query<Row>(FACTS, [reading.from, TID_RANGE_SCANS, MOST_HEAPS + 1]);
  const isAlone = rows.length === 1;
  const lockable = isAlone && rows[0]?.kind === 'r' && rows[0].simple;
  const heaps = rows.filter(({ kind }) => kind === 'r');
  const splittable =
    rows.length > 0 && rows.length <= MOST_HEAPS && rows.every(({ kind, simple }) => simple && (kind === 'r' || kind === 'p'));
  return {
    lockable,
    heaps: splittable ? heaps.map(heapOf) : [],
  };
}

function heapOf({ schema, name, pages, bytes }: Row): Heap {
  return { sql: `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`, pages: Math.max(1, Number(pages)), bytes: Number(bytes) };
}

// A policy of a table that is read by itself holds for each of its rows, wherever reading begins; one of a partition would
// not be asked through the table. Temporary heirs belong to other sessions, and reading leaves them out.
const FACTS = `
  WITH RECURSIVE tree AS (
    SELECT to_regclass($1)::oid AS oid
    UNION
    SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid
    WHERE to_jsonb(pg_inherits)->'inhdetachpending' IS DISTINCT FROM 'true'
  )
  SELECT nspname AS schema, relname AS name, relkind AS kind,
    current_setting('server_version_num')::int >= $2
      AND (relkind = 'p' OR amname = 'heap')
      AND has_table_privilege(c.oid, 'SELECT')
      AND (inherited.count = 1 OR NOT row_security_active(c.oid))
      AND (inherited.count = 1 OR NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attgenerated = 'v'))
      AS simple,
    coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::int AS pages,
    coalesce(pg_relation_size(c.oid), 0) + coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0) AS bytes
  FROM tree
  CROSS JOIN (SELECT count(*) FROM tree) AS inherited
  JOIN pg_class c ON c.oid = tree.oid
  JOIN pg_namespace n ON n.oid = relnamespace
  LEFT JOIN pg_am ON pg_am.oid = relam
  WHERE relpersistence <> 't'
  ORDER BY nspname, relname
  LIMIT $3`;
