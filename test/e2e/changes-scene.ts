import path from 'node:path';
import { WorkflowFailedError, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { RunStateView } from '../../workflows/run-state-view.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { until } from '../support/until.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/depot');

type Handle = WorkflowHandleWithFirstExecutionRunId;

/** A row of a source, and what its target is to hold of it. */
export interface Change {
  readonly id: number;
  readonly amount: number;
  /** ISO; absent for a row without a cursor. */
  readonly at?: string;
}

/** The fixture project `depot` with one worker in this process, for runs that load what has changed. */
export interface ChangesScene {
  readonly db: TestDatabase;
  readonly worker: ProjectWorker;
  readonly lake: string;
  /** Makes the source `<name>_source` for a target `<name>`. */
  readonly makeSource: (name: string) => Promise<void>;
  /** Writes rows into a source: new ones, and others in the place of what they were. */
  readonly change: (name: string, ...changes: readonly Change[]) => Promise<void>;
  readonly start: (name: string, params: Readonly<Record<string, unknown>>, pipeline?: string) => Promise<Handle>;
  /** Starts a run, waits for it, and gives its result. */
  readonly load: (name: string, params: Readonly<Record<string, unknown>>, pipeline?: string) => Promise<unknown>;
  /** Retries a run. */
  readonly retry: (run: Handle, name: string, params: Readonly<Record<string, unknown>>, from?: string) => Promise<Handle>;
  /** Rows of a target as `id:amount`, sorted. */
  readonly rowsOf: (name: string) => Promise<string[]>;
  /** The ends of the ranges in a target's ledger, in the ledger's order. */
  readonly rangesOf: (name: string) => Promise<string[]>;
  readonly close: () => Promise<void>;
}

export async function openChangesScene(): Promise<ChangesScene> {
  const db = await createTestDatabase();
  const lake = lastingFolder();
  const worker = await startProjectWorker(PROJECT, lastingFolder(), { DEPOT_LAKE: lake, DEPOT_WAREHOUSE: db.url });
  const paramsOf = (name: string, params: Readonly<Record<string, unknown>>) => ({
    source: `${name}_source`,
    table: name,
    ...params,
  });
  const start: ChangesScene['start'] = (name, params, pipeline = 'loadChanges') =>
    worker.start(pipeline, [paramsOf(name, params)]);
  return {
    db,
    worker,
    lake,
    makeSource: async (name) =>
      void (await db.query(
        `CREATE TABLE public.${name}_source (id bigint PRIMARY KEY, amount float8 NOT NULL, changed_at timestamptz)`,
      )),
    async change(name, ...changes) {
      for (const { id, amount, at = null } of changes) {
        await db.query(
          `INSERT INTO public.${name}_source VALUES ($1, $2, $3)
           ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount, changed_at = EXCLUDED.changed_at`,
          [id, amount, at],
        );
      }
    },
    start,
    load: async (name, params, pipeline) => (await start(name, params, pipeline)).result(),
    retry: (run, name, params, from) =>
      worker.start('loadChanges', [
        paramsOf(name, params),
        { retryOf: { workflowId: run.workflowId, runId: run.firstExecutionRunId }, ...(from && { from }) },
      ]),
    rowsOf: async (name) => {
      const rows = await db.query<{ row: string }>(`SELECT id || ':' || amount AS row FROM public.${name} ORDER BY id, amount`);
      return rows.map(({ row }) => row);
    },
    rangesOf: async (name) => {
      const rows = await db.query<{ after: string | null; up_to: string | null }>(
        `SELECT watermark ->> 'after' AS after, watermark ->> 'upTo' AS up_to FROM _millrace.ledger WHERE target = $1 ORDER BY id`,
        [`public.${name}`],
      );
      return rows.map(({ after, up_to }) => `${day(after)}-${day(up_to)}`);
    },
    async close() {
      await worker.stop();
      await db.drop();
    },
  };
}

/** Noon of a day of January. */
export function noon(dayOfMonth: number): string {
  return `2024-01-${String(dayOfMonth).padStart(2, '0')}T12:00:00Z`;
}

function day(value: string | null): string {
  return value === null ? '' : String(Number(value.slice(8, 10)));
}

/** Waits until every step that a run has begun is done. */
export async function atRest(run: Handle, ...done: readonly string[]): Promise<void> {
  let steps: string[] = [];
  await until(
    async () => {
      const view = await run.query<RunStateView>('state');
      steps = view.steps.map(({ step, status }) => `${step} ${status}`);
      return done.every((step) => steps.includes(`${step} done`));
    },
    () => steps.join(', '),
  );
}

export async function failureOf(run: Handle): Promise<string> {
  const error: unknown = await run.result().catch((thrown: unknown) => thrown);
  return error instanceof WorkflowFailedError ? (error.cause?.message ?? '') : `no failure: ${JSON.stringify(error)}`;
}

export async function stepsOf(run: Handle): Promise<string[]> {
  const view = await run.query<RunStateView>('state');
  return view.steps.map(({ step, status }) => `${step} ${status}`);
}
