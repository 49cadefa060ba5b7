import { MillraceError } from '../core/errors.js';
import type { TemporalClient } from '../temporal/connect.js';
import { describeRun, type RunDescription, type RunOutcome } from '../temporal/describe-run.js';
import { formatRunAddress, type RunAddress } from '../temporal/run-id.js';
import { listRunning, type RunningRun } from '../temporal/list-running.js';
import { listOwnSchedules, type ListedSchedule } from '../temporal/schedules.js';
import { describeQueue, type QueueState } from '../temporal/queue-state.js';
import { hasStepWorker, hasWorker } from '../temporal/has-worker.js';
import { listOwnTriggers } from '../temporal/triggers.js';
import { versionHealth, type VersionHealth } from './version-health.js';
import { rememberOutcomes } from './run-outcomes.js';

/** How long an answer of Temporal's counts: whoever asks again meanwhile gets the same one. */
const FRESH_MS = 1_000;
/** Answers kept; older ones go first. */
const MOST_ANSWERS = 10_000;

/** What Temporal says, at most once a second for each question, however many ask. */
export interface TemporalStates {
  /** Set where Temporal can't be asked: then it knows of no run, and that says nothing. */
  readonly offline?: true;
  /** A run; `undefined` when Temporal does not know it, or no longer. */
  describe(run: RunAddress): Promise<RunDescription | undefined>;
  /** The runs that began last, of those that run now: one visibility request a second at most. */
  running(): Promise<readonly RunningRun[]>;
  /** Whether a worker lets runs go on there: those that are pinned to a version, or new ones. @param pinnedTo @default null */
  hasWorker(taskQueue: string, pinnedTo?: RunDescription['pinnedTo']): Promise<boolean>;
  /** Whether a worker does steps there, of a run that is pinned to a version or to none. */
  hasStepWorker(taskQueue: string, pinnedTo: RunDescription['pinnedTo']): Promise<boolean>;
  queue(taskQueue: string): Promise<QueueState>;
  /** The versions of its workers, and the open runs that wait for one: by three requests, a second at most. */
  versions(taskQueue: string): Promise<VersionHealth>;
  /** How a run that is closed ended; it is asked for once, since that does not change. */
  outcome(run: Required<RunAddress>): Promise<RunOutcome>;
  /** The project's own schedules: by a few visibility requests, a second at most. */
  schedules(): Promise<readonly ListedSchedule[]>;
  /** The pipelines whose triggers work: by one visibility request a second at most. */
  triggers(): Promise<readonly string[]>;
  /** Forgets what it knows of a run that was just steered. */
  forget(run: RunAddress): void;
}

interface Answer {
  readonly at: number;
  readonly value: Promise<unknown>;
}

export function openTemporalStates(temporal: TemporalClient, taskQueue: string): TemporalStates {
  const answers = new Map<string, Answer>();
  function ask<T>(question: string, find: () => Promise<T>): Promise<T> {
    const known = answers.get(question);
    if (known && Date.now() - known.at < FRESH_MS) return known.value as Promise<T>;
    const value = find();
    value.catch(() => answers.delete(question));
    // Set anew, so that the map is in order of age.
    answers.delete(question);
    answers.set(question, { at: Date.now(), value });
    for (const oldest of answers.keys()) {
      if (answers.size <= MOST_ANSWERS) break;
      answers.delete(oldest);
    }
    return value;
  }
  return {
    describe: (run) => ask(`run ${formatRunAddress(run)}`, () => knownRun(temporal, run)),
    running: () => ask('running', () => listRunning(temporal, taskQueue)),
    schedules: () => ask('schedules', () => listOwnSchedules(temporal, taskQueue)),
    triggers: () => ask('triggers', () => listOwnTriggers(temporal, taskQueue)),
    hasWorker: (queue, pinnedTo = null) =>
      ask(`runs of ${queue} for ${JSON.stringify(pinnedTo)}`, () => hasWorker(temporal, queue, pinnedTo)),
    hasStepWorker: (queue, pinnedTo) =>
      ask(`steps of ${queue} for ${JSON.stringify(pinnedTo)}`, () => hasStepWorker(temporal, queue, pinnedTo)),
    queue: (queue) => ask(`queue ${queue}`, () => describeQueue(temporal, queue)),
    versions: (queue) => ask(`versions ${queue}`, () => versionHealth(temporal, queue)),
    outcome: rememberOutcomes(temporal),
    forget({ workflowId, runId }) {
      answers.delete(`run ${workflowId}`);
      answers.delete('running');
      if (runId !== undefined) answers.delete(`run ${formatRunAddress({ workflowId, runId })}`);
    },
  };
}

async function knownRun(temporal: TemporalClient, run: RunAddress): Promise<RunDescription | undefined> {
  try {
    return await describeRun(temporal, run);
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'RUN_UNKNOWN') return undefined;
    throw error;
  }
}
