import { Context } from '@temporalio/activity';
import { admissible } from '../src/config/parameters.js';
import { MillraceError } from '../src/core/errors.js';
import { partitionAt } from '../src/core/partition-at.js';
import type { PlannedTick, ScheduledStart, ScheduleTick } from '../src/core/schedule.js';
import { canonicalRunId } from '../src/temporal/run-id.js';
import { stopForAnother } from '../src/temporal/running-run.js';
import { toFailure } from './failure.js';
import { patiently } from './patience.js';
import type { Services } from './services.js';

/** What a scheduled start is to start: the partition of its time, and whether the pipeline takes its parameters. */
export function makePlanTick({ project }: Services) {
  return async (input: ScheduledStart & { readonly scheduledAt: string }): Promise<PlannedTick> => {
    let partition: string | null = null;
    try {
      const { pipeline, timezone, partitionOf, scheduledAt } = input;
      const partitioning = project.pipelines[pipeline]?.partition;
      const at = new Date(scheduledAt);
      partition = partitioning ? partitionAt(partitioning, at, timezone, partitionOf ?? 'previous') : null;
      const given = { ...input.params, ...(partitioning && { [partitioning.parameter]: partition }) };
      const { config, params } = admissible(project.pipelines, pipeline, given);
      const workflowId = partition === null ? timedId(input, at) : canonicalRunId(pipeline, params, partitioning);
      const order = { priority: config.priority, fairness: config.fairness };
      return { ok: true, workflowId, partition, params: given, onConflict: config.onConflict ?? 'reject', order };
    } catch (error) {
      // It would be refused however often it is started: that is told, and the schedule goes on with its next time.
      if (error instanceof MillraceError && !error.retryable) {
        return { ok: false, partition, code: error.code, reason: error.message };
      }
      throw toFailure(error);
    }
  };
}

// As every other run without a partition is called, but the same at each attempt and for each start of this time.
function timedId({ pipeline, asked }: ScheduledStart, at: Date): string {
  const { runId } = Context.current().info.workflowExecution ?? { runId: '' };
  const which = asked === undefined ? '0000' : runId.replaceAll('-', '').slice(-4);
  return `${pipeline}-${at.getTime().toString(36).padStart(9, '0')}${which}`;
}

/** Writes what became of a scheduled time into the catalog, waiting for as long as that is down. */
export function makeRecordTick({ catalog }: Services) {
  return async (tick: ScheduleTick): Promise<void> => {
    try {
      await patiently(() => catalog.recordTick(tick), Context.current().cancellationSignal);
    } catch (error) {
      throw toFailure(error);
    }
  };
}

/** Asks the run of an id to stop, and waits for some seconds: another one is to take its place. */
export function makeMakeRoom() {
  return async ({ workflowId }: { readonly workflowId: string }): Promise<boolean> => {
    const { client, info } = Context.current();
    try {
      const temporal = { client, address: 'the worker’s server', namespace: info.namespace, close: async () => undefined };
      return await stopForAnother(temporal, { workflowId });
    } catch (error) {
      throw toFailure(error);
    }
  };
}
