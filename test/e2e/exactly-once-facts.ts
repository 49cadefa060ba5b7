import Database from 'libsql';
import { openCatalog } from '../../src/catalog/index.js';
import type { LoadResult } from '../../src/core/load.js';
import { stepsOf, type CaseRun } from './exactly-once-cases.js';
import type { Depot } from './exactly-once-depot.js';
import { differences } from './exactly-once-rows.js';

/** What target, ledger and catalog say of a finished run. */
export interface Facts {
  /** Rows that the target lacks, and rows that it has too many. */
  readonly missing: number;
  readonly extra: number;
  readonly ledger: readonly unknown[];
  /** For an append: the rows in the target that carry the ledger's id. */
  readonly carried?: number;
  readonly status: string | undefined;
  readonly steps: readonly unknown[];
  /** The catalog's loads of the content that was loaded last. */
  readonly loads: readonly unknown[];
}

interface LedgerRow {
  readonly id: string;
  readonly load_id: string;
  readonly content: string;
  readonly rows: string;
  readonly mode: string;
  readonly superseded_by: string | null;
}

/** Looks at everything that a run has left: nothing of it goes through what wrote it. */
export async function factsOf(depot: Depot, run: CaseRun, shift = 0): Promise<Facts> {
  const { name, mode, expected } = run.case;
  const { workflowId } = run.handle;
  const ledger = await depot.db.query<LedgerRow>('SELECT * FROM _millrace.ledger WHERE workflow_id = $1', [workflowId]);
  const catalog = await openCatalog({ path: depot.catalogPath });
  try {
    const found = await catalog.findRun(workflowId);
    const steps = await catalog.listSteps(workflowId, found?.runId ?? '');
    return {
      ...(await differences(depot, name, expected(shift))),
      ledger: ledger.map(({ load_id, rows, superseded_by, mode: as }) => ({
        load_id,
        rows: Number(rows),
        mode: as,
        superseded_by,
      })),
      ...(mode === 'append' && { carried: await countCarried(depot, name, ledger) }),
      status: found?.status,
      steps: steps.map((step) => [step.kind, step.status, step.error]),
      loads: loadsInCatalog(depot, workflowId, ledger[0]?.content),
    };
  } finally {
    await catalog.close();
  }
}

/** What {@link factsOf} must give of a run whose rows were loaded once. */
export async function factsOfOneLoad(depot: Depot, run: CaseRun): Promise<Facts> {
  const { rows, loadId } = await resultOf(depot, run);
  const { name, mode } = run.case;
  return {
    missing: 0,
    extra: 0,
    ledger: [{ load_id: loadId, rows, mode, superseded_by: null }],
    ...(mode === 'append' && { carried: rows }),
    status: 'completed',
    steps: stepsOf(run.case).map((kind) => [kind, 'done', null]),
    loads: [{ load_id: loadId, rows, target: `warehouse.public.${name}` }],
  };
}

/** The result of the run, or of the last reset of it. */
export async function resultOf(depot: Depot, run: CaseRun): Promise<LoadResult> {
  return (await depot.client.workflow.getHandle(run.handle.workflowId).result()) as LoadResult;
}

async function countCarried(depot: Depot, table: string, ledger: readonly LedgerRow[]): Promise<number> {
  const ids = ledger.map(({ id }) => id);
  const [row] = await depot.db.query<{ rows: string }>(
    `SELECT count(*) AS rows FROM public.${table} WHERE _millrace_load = ANY ($1::bigint[])`,
    [ids],
  );
  return Number(row?.rows);
}

function loadsInCatalog(depot: Depot, workflowId: string, content: string | undefined): unknown[] {
  const file = new Database(depot.catalogPath, { readonly: true });
  try {
    const statement = file.prepare('SELECT load_id, rows, target FROM loads WHERE workflow_id = ? AND content = ?');
    return statement.all(workflowId, content ?? '');
  } finally {
    file.close();
  }
}
