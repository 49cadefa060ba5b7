import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { messageOf } from '../src/core/errors.js';
import type { LoadResult } from '../src/core/load.js';
import type { Job } from './cases.js';
import type { Random } from './random.js';
import { TASK_QUEUE } from './stage.js';

export const NAMESPACE = 'default';

/** A run, and the runs that retry it: the last one counts. */
interface Run {
  readonly job: Job;
  /** Those that the server knows. */
  readonly workflowIds: string[];
}

/** A run that did not end, or not as it should. */
export class StuckRun extends Error {}

/** How a run may end without anything being wrong with Millrace: it is retried then, as a person would. */
const RETRIED: ReadonlySet<string> = new Set(['STAGING_FULL', 'CANCELLED', 'WATERMARK_MOVED']);
const MOST_RETRIES = 20;

/** How long runs may go on after the last fault. */
const GRACE_MS = 120_000;
const LOOK_MS = 100;

/** The runs of one trial. */
export class Runs {
  private readonly runs: Run[] = [];
  private goodEnds = 0;
  private deadline = Number.POSITIVE_INFINITY;

  constructor(
    private readonly client: Client,
    private readonly prefix: string,
  ) {}

  /** From here on nothing keeps a run from ending: whatever has not ended after {@link GRACE_MS} is stuck. */
  faultsAreOver(): void {
    this.deadline = Date.now() + GRACE_MS;
  }

  /** Runs a job to its good end, retrying what a person would retry. @throws StuckRun */
  async make(job: Job): Promise<LoadResult> {
    const run: Run = { job, workflowIds: [] };
    this.runs.push(run);
    await this.start(run);
    const result = await this.settle(run);
    this.goodEnds += 1;
    return result;
  }

  /** How many jobs have come to their good end so far. */
  ended(): number {
    return this.goodEnds;
  }

  /** Waits for every run of the trial: resets may have opened finished ones again. @throws StuckRun */
  settleAll(): Promise<LoadResult[]> {
    return Promise.all(this.runs.map((run) => this.settle(run)));
  }

  /** Some run of the trial; waits for the first one to begin. */
  async any(random: Random): Promise<string> {
    return latest(random.pick(await this.begun()));
  }

  /** A run that was started lately, so that it probably is still at work. */
  async anyAtWork(random: Random): Promise<string> {
    return latest(random.pick((await this.begun()).slice(-4)));
  }

  // The server knows nothing of a run that is only about to be started.
  private async begun(): Promise<readonly Run[]> {
    for (;;) {
      const begun = this.runs.filter((run) => run.workflowIds.length > 0);
      if (begun.length > 0) return begun;
      await sleep(LOOK_MS);
    }
  }

  workflowIds(): string[] {
    return this.runs.flatMap((run) => run.workflowIds);
  }

  private async start(run: Run, retryOf?: string): Promise<void> {
    const number = this.runs.indexOf(run) + 1;
    const workflowId = `${this.prefix}-${number}-${run.job.pipeline}${run.workflowIds.length === 0 ? '' : `-again-${run.workflowIds.length}`}`;
    await this.patiently(async () => {
      try {
        await this.client.workflow.start(run.job.pipeline, {
          taskQueue: TASK_QUEUE,
          workflowId,
          args: retryOf === undefined ? [run.job.params] : [run.job.params, { retryOf: { workflowId: retryOf } }],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          // A worker that is killed holds the task of a run for as long.
          workflowTaskTimeout: '2s',
        });
      } catch (error) {
        // The server was killed before it could say so.
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    });
    run.workflowIds.push(workflowId);
  }

  private async settle(run: Run): Promise<LoadResult> {
    for (;;) {
      const end = await this.endOf(latest(run));
      if (end.result) return end.result;
      const retries = run.workflowIds.length - 1;
      // A run that another one has overtaken may be retried, or done anew: both have to lead to the same.
      const isNew = end.code === 'RETRY_INVALID' || (end.code === 'WATERMARK_MOVED' && retries % 2 === 1);
      if (retries < MOST_RETRIES && isNew) await this.start(run);
      else if (retries < MOST_RETRIES && RETRIED.has(end.code)) await this.start(run, latest(run));
      else throw new StuckRun(`${latest(run)} failed: ${end.message}`);
    }
  }

  private async endOf(workflowId: string): Promise<{ result?: LoadResult; code: string; message: string }> {
    const handle = this.client.workflow.getHandle(workflowId);
    for (;;) {
      const { status } = await this.patiently(() => handle.describe());
      if (status.name !== 'RUNNING') break;
      if (Date.now() > this.deadline) throw new StuckRun(`${workflowId} has not ended ${GRACE_MS / 1000} s after the last fault`);
      await sleep(LOOK_MS);
    }
    return this.patiently(async () => {
      try {
        return { result: (await handle.result()) as LoadResult, code: '', message: '' };
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        const { cause } = error;
        const code = cause instanceof ApplicationFailure ? (cause.type ?? '') : (cause?.name ?? '');
        return { code: code === 'CancelledFailure' ? 'CANCELLED' : code, message: messageOf(cause) };
      }
    });
  }

  /** Asks the server until it answers: it may be away. */
  private async patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.client.withDeadline(Date.now() + 5_000, ask);
      } catch (error) {
        if (Date.now() > this.deadline) throw new StuckRun(`Temporal does not answer: ${messageOf(error)}`);
        await sleep(LOOK_MS);
      }
    }
  }
}

/** Ends what is left of runs that are stuck, so that they don't disturb the next trial. */
export async function endRuns(client: Client, workflowIds: readonly string[]): Promise<void> {
  for (const workflowId of workflowIds) {
    await client.workflow
      .getHandle(workflowId)
      .terminate('stuck')
      .catch(() => undefined);
  }
}

function latest(run: Run): string {
  return run.workflowIds.at(-1) as string;
}
