import type { Case } from '../cases.js';
import type { Database } from '../database.js';
import { addUp, NO_DIFFERENCE, type Difference } from './rows.js';

interface LedgerRow extends Record<string, unknown> {
  readonly id: string;
  readonly load_id: string;
  readonly rows: string;
  readonly run_partition: string | null;
  readonly superseded_by: string | null;
}

/** Loads that runs say they have made, by the case's name. */
export interface Loaded {
  readonly loadId: string;
  readonly rows: number;
}

/**
 * Holds the ledger against the target's rows and against what the runs say: every load of a finished run is in it, the rows
 * of an append are those of its current loads, a partition is held by one load, a replaced table by the last one.
 */
export async function checkLedger(database: Database, one: Case, loaded: readonly Loaded[]): Promise<Difference> {
  const { table } = one;
  if (table === undefined) return NO_DIFFERENCE;
  const [made] = await database.read<{ made: boolean }>(`SELECT to_regclass('_millrace.ledger') IS NOT NULL AS made`);
  const ledger =
    made?.made === true
      ? await database.read<LedgerRow>('SELECT * FROM _millrace.ledger WHERE target = $1 ORDER BY id', [`warehouse.${table}`])
      : [];
  const counts = await rowsByLoad(database, one);
  return addUp([
    knowsEveryLoad(ledger, loaded),
    ...(one.manner === 'append' ? [ownsItsRows(ledger, counts), holdsPartitionsOnce(ledger)] : []),
    ...(one.manner === 'replace' ? [countsTheLast(ledger, counts)] : []),
  ]);
}

async function rowsByLoad(database: Database, { table, manner }: Case): Promise<Map<string, number>> {
  const load = manner === 'append' ? '_millrace_load::text' : "'all'";
  const found = await database
    .read<{ load: string; rows: string }>(`SELECT ${load} AS load, count(*) AS rows FROM warehouse.${table} GROUP BY 1`)
    .catch((error: unknown) => {
      // No load has come as far as making the table.
      if ((error as { code?: unknown }).code === '42P01') return [];
      throw error;
    });
  return new Map(found.map(({ load: id, rows }) => [id, Number(rows)]));
}

function knowsEveryLoad(ledger: readonly LedgerRow[], loaded: readonly Loaded[]): Difference {
  const known = new Map(ledger.map((row) => [row.load_id, Number(row.rows)]));
  return addUp(
    loaded.flatMap(({ loadId, rows }): Difference[] => {
      const inLedger = known.get(loadId);
      if (inLedger === rows) return [];
      const text = inLedger === undefined ? 'is not in the ledger' : `has ${inLedger} rows in the ledger`;
      return [{ lost: 1, doubled: 0, details: [`ledger: the load ${loadId} of ${rows} rows ${text}`] }];
    }),
  );
}

function ownsItsRows(ledger: readonly LedgerRow[], counts: ReadonlyMap<string, number>): Difference {
  const current = new Map(ledger.filter((row) => row.superseded_by === null).map((row) => [row.id, Number(row.rows)]));
  const ids = [...new Set([...current.keys(), ...counts.keys()])];
  return addUp(
    ids.flatMap((id): Difference[] => {
      const surplus = (counts.get(id) ?? 0) - (current.get(id) ?? 0);
      if (surplus === 0) return [];
      const details = [
        `ledger: load ${id} should own ${current.get(id) ?? 'no'} rows of the table and owns ${counts.get(id) ?? 'none'}`,
      ];
      return [{ lost: Math.max(0, -surplus), doubled: Math.max(0, surplus), details }];
    }),
  );
}

function holdsPartitionsOnce(ledger: readonly LedgerRow[]): Difference {
  const current = ledger.filter((row) => row.superseded_by === null && row.run_partition !== null);
  const names = current.map((row) => row.run_partition);
  const twice = current.filter((row, index) => names.indexOf(row.run_partition) !== index);
  return {
    lost: 0,
    doubled: twice.length,
    details: twice.map((row) => `ledger: partition ${row.run_partition} is held by more than one load`),
  };
}

function countsTheLast(ledger: readonly LedgerRow[], counts: ReadonlyMap<string, number>): Difference {
  const last = ledger.toSorted((one, other) => Number(one['committed_at']) - Number(other['committed_at'])).at(-1);
  const surplus = (counts.get('all') ?? 0) - Number(last?.rows ?? 0);
  if (surplus === 0) return NO_DIFFERENCE;
  const details = [`ledger: the last load has ${last?.rows ?? 'no'} rows and the table ${counts.get('all') ?? 0}`];
  return { lost: Math.max(0, -surplus), doubled: Math.max(0, surplus), details };
}
