import Database from 'libsql';
import { expect } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import type { LoadResult } from '../../src/core/load.js';
import type { CaseRun } from './exactly-once-cases.js';
import type { Depot } from './exactly-once-depot.js';
import { differences } from './exactly-once-rows.js';

interface LedgerRow {
  readonly id: string;
  readonly load_id: string;
  readonly content: string;
  readonly rows: string;
  readonly mode: string;
  readonly superseded_by: string | null;
}

/** Asserts that a finished run's rows are in its target once, and that ledger and catalog say so once. */
export async function expectExactlyOnce(depot: Depot, run: CaseRun): Promise<void> {
  const { name, mode, expected } = run.case;
  expect({ target: name, ...(await differences(depot, name, expected)) }).toEqual({ target: name, missing: 0, extra: 0 });
  const result = (await depot.client.workflow.getHandle(run.handle.workflowId).result()) as LoadResult;
  const ledger = await depot.db.query<LedgerRow>('SELECT * FROM millrace.ledger WHERE workflow_id = $1', [run.handle.workflowId]);
  expect(ledger).toEqual([
    expect.objectContaining({
      load_id: `${run.handle.workflowId}/${run.handle.firstExecutionRunId}/0/load:warehouse.${name}`,
      mode,
      rows: String(result.rows),
      superseded_by: null,
    }),
  ]);
  if (mode === 'append') {
    const [carried] = await depot.db.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${name} WHERE _millrace_load = $1`, [
      ledger[0]?.id,
    ]);
    expect(carried?.rows).toBe(String(result.rows));
  }
  await expectRecordedOnce(depot, run, ledger[0] as LedgerRow);
}

async function expectRecordedOnce(depot: Depot, run: CaseRun, ledger: LedgerRow): Promise<void> {
  const { workflowId } = run.handle;
  const catalog = await openCatalog({ path: depot.catalogPath });
  try {
    const found = await catalog.findRun(workflowId);
    expect(found).toMatchObject({ status: 'completed', error: null });
    const steps = await catalog.listSteps(workflowId, found?.runId ?? '');
    expect(steps.map((step) => [step.kind, step.status, step.error])).toEqual(run.case.steps.map((kind) => [kind, 'done', null]));
  } finally {
    await catalog.close();
  }
  expect(loadsInCatalog(depot, workflowId)).toEqual([
    { load_id: ledger.load_id, content: ledger.content, rows: Number(ledger.rows), target: `warehouse.public.${run.case.name}` },
  ]);
}

/** The catalog's loads of a run, read without the catalog's own code. */
export function loadsInCatalog(depot: Depot, workflowId: string): unknown[] {
  const file = new Database(depot.catalogPath, { readonly: true });
  try {
    return file.prepare('SELECT load_id, content, rows, target FROM loads WHERE workflow_id = ?').all(workflowId);
  } finally {
    file.close();
  }
}
