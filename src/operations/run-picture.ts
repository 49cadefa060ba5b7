import type { ResultOf } from '../api/index.js';
import type { RunEventData } from '../api/schemas/run-events.js';
import type { RunAddress } from '../temporal/run-id.js';
import type { Intervention } from '../temporal/interventions.js';
import type { OperationContext } from './context.js';
import { findRun } from './find-run.js';
import { interventionsOf } from './interventions.js';
import type { JournalLine } from './journal.js';
import { readJournal } from './read-journal.js';

/** A run at one moment, as its events tell it. */
export interface RunPicture {
  readonly state: RunEventData<'state'>;
  readonly steps: readonly RunEventData<'step'>[];
  readonly lines: readonly JournalLine[];
  /** Present when the run has ended. */
  readonly end?: RunEventData<'end'>;
}

/** How often a history is read for what was done to the run from outside. */
const INTERVENTIONS_MS = 5_000;

/**
 * Makes the function that looks at one run.
 * @throws TerminalError RUN_UNKNOWN, when it looks
 */
export function observeRun(context: OperationContext, run: Required<RunAddress>): () => Promise<RunPicture> {
  let interventions: readonly Intervention[] = [];
  let history = { at: 0, events: -1 };
  async function lookOutside(found: ResultOf<'getRun'>): Promise<void> {
    const events = found.historyEvents ?? -1;
    const ended = !isOpen(found.status);
    if (events === history.events || (!ended && Date.now() - history.at < INTERVENTIONS_MS)) return;
    history = { at: Date.now(), events };
    interventions = await interventionsOf(context, found);
  }
  return async () => {
    const found = await findRun(context, run);
    await lookOutside(found);
    const row = await context.catalog.findRun(run.workflowId, run.runId);
    const lines = row ? await readJournal(context.catalog, row, interventions) : [];
    return pictureOf(found, lines);
  };
}

function pictureOf(found: ResultOf<'getRun'>, lines: readonly JournalLine[]): RunPicture {
  const { workflowId, runId, pipeline, partition, status, owner, startedAt, finishedAt, durationMs, error } = found;
  const summary = { workflowId, runId, pipeline, partition, status, owner, startedAt, finishedAt, durationMs, error };
  return {
    state: { ...summary, worker: found.worker, paused: found.paused },
    steps: found.steps,
    lines,
    ...(!isOpen(status) && { end: { ...summary, result: found.result } }),
  };
}

function isOpen(status: string): boolean {
  return status === 'running' || status === 'paused';
}

/** What is the same of two pictures of a step, or of a run's state: the clock goes on in both. */
export function essence(value: object): string {
  return JSON.stringify({ ...value, durationMs: null });
}
