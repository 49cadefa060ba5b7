import type { Database } from './database.js';

/** The tables of one trial that pipelines read, and the journal of what was committed to them. */
export interface Sources {
  /** Only grows; every row belongs to the day that was open when it came. */
  readonly grown: string;
  /** Rows come and change. */
  readonly stock: string;
  /** Rows come, change and go. */
  readonly orders: string;
  /** Every change of the three, written by triggers in the transaction that made it: the truth that targets are held against. */
  readonly journal: string;
}

export const REGIONS = ['north', 'east', 'south', 'west'] as const;

/** Columns of every source and target, with their types, in order. */
export const COLUMNS = 'id bigint, version bigint, region text, day date, amount float8, note text, changed_at timestamptz';
export const NAMES = COLUMNS.replaceAll(/ \w+(?=,|$)/g, '');

/** From here on ids are those of rows that come late. */
export const LATE_IDS = 1_000_000;

const FIRST_ROWS = 1_500;

/** Makes the tables of a trial and their first rows. Tables are named without their schema, `shop`. */
export async function makeSources(database: Database, trial: number): Promise<Sources> {
  const sources = { grown: `grown_${trial}`, stock: `stock_${trial}`, orders: `orders_${trial}`, journal: `journal_${trial}` };
  const tables = [sources.grown, sources.stock, sources.orders];
  await database.query(`
    CREATE TABLE ${sources.journal} (n bigserial PRIMARY KEY, source text NOT NULL, id bigint NOT NULL, item jsonb);
    CREATE FUNCTION note_${trial}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO shop.${sources.journal} (source, id, item) VALUES (TG_TABLE_NAME, coalesce(NEW.id, OLD.id), to_jsonb(NEW));
      RETURN NULL;
    END $$;
    ${tables.map((table) => makeTable(table, trial)).join(';')};
    ${[sources.stock, sources.orders].map((table) => fill(table)).join(';')}`);
  return sources;
}

function makeTable(table: string, trial: number): string {
  return `CREATE TABLE ${table} (${COLUMNS}, PRIMARY KEY (id));
    CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION note_${trial}()`;
}

function fill(table: string): string {
  return `INSERT INTO ${table} SELECT id, 1, (ARRAY['${REGIONS.join("','")}'])[1 + id % ${REGIONS.length}], '2024-01-01', ${amountOf('id', '0')},
    repeat('n', (id % 40)::int), clock_timestamp() FROM generate_series(1, ${FIRST_ROWS}) AS rows(id)`;
}

/** An amount in SQL that differs with the row's version. Every 97th row has one that the contract refuses, always. */
export function amountOf(id: string, version: string): string {
  return `CASE WHEN ${id} % 97 = 0 THEN -1 ELSE ${id} % 1000 + ${version} + 0.25 END`;
}

/** A query for the rows of a source that the contract accepts, as the journal says they are. */
export function truth(journal: string, source: string, where = 'TRUE'): string {
  return `SELECT ${NAMES} FROM (${everything(journal, source)}) AS every WHERE amount >= 0 AND ${where}`;
}

/** A query for all rows of a source, as the journal says they are. */
export function everything(journal: string, source: string): string {
  const latest = `SELECT DISTINCT ON (id) item FROM shop.${journal} WHERE source = '${source}' ORDER BY id, n DESC`;
  return `SELECT ${NAMES} FROM (${latest}) AS latest, jsonb_to_record(item) AS row(${COLUMNS}) WHERE item IS NOT NULL`;
}

/** Removes what a trial has made in the database; `targets` are tables of the schema `warehouse`. */
export async function dropSources(
  database: Database,
  trial: number,
  sources: Sources,
  targets: readonly string[],
): Promise<void> {
  const tables = [...Object.values(sources).map((table) => `shop.${table}`), ...targets.map((table) => `warehouse.${table}`)];
  await database.query(`DROP TABLE IF EXISTS ${tables.join(', ')}; DROP FUNCTION IF EXISTS note_${trial}() CASCADE`);
}
