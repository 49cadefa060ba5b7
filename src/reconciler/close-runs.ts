import type { Catalog, OpenRun, UnseenEnd } from '../catalog/index.js';
import { MillraceError } from '../core/errors.js';
import type { TemporalClient } from '../temporal/connect.js';
import { describeRun, type RunState } from '../temporal/describe-run.js';
import { listStates, MOST_STATES_AT_ONCE, type SeenState } from '../temporal/list-states.js';
import { readRunEnding } from '../temporal/run-end.js';

/** A run that was closed in the catalog, for the log. */
export interface ClosedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: UnseenEnd;
  readonly message?: string;
}

export interface CloseRunsOptions {
  readonly catalog: Catalog;
  readonly temporal: TemporalClient;
  /** Waits until the next visibility request may be made; whether to go on at all. */
  readonly mayAsk: () => Promise<boolean>;
  readonly onClosed: (run: ClosedRun) => void;
}

/** A run this young may be missing in visibility, and its worker will see its end. */
const YOUNG_MS = 5_000;

const ENDS = new Set<RunState | UnseenEnd>(['completed', 'failed', 'cancelled', 'terminated', 'timed out', 'continued']);

/**
 * Goes once through the runs that have no end in the catalog, and writes the end of those that have one in Temporal: one
 * visibility request for each 250 runs. Harmless beside anybody who does the same, and beside the runs themselves.
 */
export async function closeRuns(options: CloseRunsOptions): Promise<void> {
  const { catalog, temporal, mayAsk } = options;
  let after: OpenRun | undefined;
  for (;;) {
    const page = await catalog.listOpenRuns({ namespace: temporal.namespace, after, limit: MOST_STATES_AT_ONCE });
    after = page.at(-1);
    const open = page.filter((run) => Date.now() - Date.parse(run.startedAt ?? '') > YOUNG_MS || run.startedAt === null);
    if (open.length > 0) {
      if (!(await mayAsk())) return;
      await closePage(options, open);
    }
    if (page.length < MOST_STATES_AT_ONCE) return;
  }
}

async function closePage(options: CloseRunsOptions, open: readonly OpenRun[]): Promise<void> {
  const states = await listStates(
    options.temporal,
    open.map((run) => run.runId),
  );
  const byRun = new Map(states.map((state) => [state.runId, state]));
  const troubles: unknown[] = [];
  for (const run of open) {
    try {
      // What visibility has as running, or not at all, may be otherwise: the latter is asked where the truth is.
      const seen = byRun.get(run.runId) ?? (await look(options.temporal, run));
      if (seen === undefined) await forget(options, run);
      else await close(options, seen);
    } catch (error) {
      if (error instanceof MillraceError && error.retryable) throw error;
      // One run that cannot be asked about keeps none of the others open.
      troubles.push(error);
    }
  }
  if (troubles.length > 0) throw troubles[0];
}

/** The state of one run where it is not out of date; `undefined` when Temporal does not know the run. */
async function look(temporal: TemporalClient, run: OpenRun): Promise<SeenState | undefined> {
  try {
    return await describeRun(temporal, run);
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'RUN_UNKNOWN') return undefined;
    throw error;
  }
}

async function close({ catalog, temporal, onClosed }: CloseRunsOptions, seen: SeenState): Promise<void> {
  if (!isEnd(seen.state) || seen.closedAt === null) return;
  const { workflowId, runId, state: status, closedAt: finishedAt } = seen;
  const ending = await readRunEnding(temporal, seen);
  if (await catalog.recordRunClosed({ workflowId, runId, status, finishedAt, ...ending })) {
    onClosed({ workflowId, runId, status, message: ending.error?.message });
  }
}

async function forget({ catalog, temporal, onClosed }: CloseRunsOptions, run: OpenRun): Promise<void> {
  // Of a run whose namespace nobody has told, this one's ignorance says nothing.
  if (run.namespace === null) return;
  const { workflowId, runId } = run;
  const finishedAt = (await catalog.lastHeardOf(run)) ?? new Date().toISOString();
  const message = `Temporal at ${temporal.address} no longer knows the run in namespace "${temporal.namespace}": it ended unseen, and how is not known. The catalog was last told of it at ${finishedAt}.`;
  const fact = { workflowId, runId, status: 'forgotten', finishedAt, error: { code: 'RUN_FORGOTTEN', message } } as const;
  if (await catalog.recordRunClosed(fact)) onClosed({ workflowId, runId, status: 'forgotten', message });
}

function isEnd(state: RunState): state is RunState & UnseenEnd {
  return ENDS.has(state);
}
