import type pg from 'pg';

/** The statement that makes a table with exactly the columns of another: names, types, NOT NULL. */
export async function createTableLike(postgres: pg.Client, existing: string, name: string): Promise<string> {
  const { rows } = await postgres.query<{ column: string }>(
    `SELECT format('%I %s%s', attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END) AS "column"
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [existing],
  );
  return `CREATE TABLE ${name} (${rows.map(({ column }) => column).join(', ')})`;
}

/** Proves that two tables hold the same rows, each as often; throws when they do not. */
export async function requireSameRows(postgres: pg.Client, left: string, right: string): Promise<void> {
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const extra = await countExtra(postgres, one, other, '*');
    if (extra > 0) throw new Error(`${one} holds ${extra} rows that ${other} does not: the benchmark is void.`);
  }
}

/** How many rows one of two tables holds and the other does not, in the columns of `right`; types may differ, values not. */
export async function countDifferences(postgres: pg.Client, left: string, right: string): Promise<number> {
  const { rows } = await postgres.query<{ columns: string }>(
    `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [right],
  );
  const columns = rows[0]?.columns ?? '*';
  return (await countExtra(postgres, left, right, columns)) + (await countExtra(postgres, right, left, columns));
}

async function countExtra(postgres: pg.Client, one: string, other: string, columns: string): Promise<number> {
  await postgres.query("SET work_mem = '512MB'");
  const { rows } = await postgres.query<{ extra: string }>(
    `SELECT count(*) AS extra FROM (SELECT ${columns} FROM ${one} EXCEPT ALL SELECT ${columns} FROM ${other}) AS difference`,
  );
  return Number(rows[0]?.extra);
}

/** Lets the server finish what earlier work left to its background processes, so that it does not weigh on the next side. */
export async function settle(postgres: pg.Client): Promise<void> {
  await postgres.query('VACUUM (ANALYZE)');
  await postgres.query('CHECKPOINT');
}

/** What Postgres has written ahead so far, in bytes. */
export async function walBytes(postgres: pg.Client): Promise<number> {
  const { rows } = await postgres.query<{ bytes: string }>("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS bytes");
  return Number(rows[0]?.bytes);
}
