import { Context } from '@temporalio/activity';
import type { RunScope } from '../src/catalog/index.js';
import type { RunContext } from '../src/core/steps.js';

/** What the catalog needs to make the row of a run that never said that it started: one that a reset made. */
export function runScope({ pipeline, partition, loadScope }: RunContext, namespace: string): RunScope {
  return { pipeline, loadScope, namespace, ...(partition !== undefined && { partition }) };
}

/** When a run began: the same for all attempts. Histories from before runs told it have when the step was asked for. */
export function runStartOf({ startedAt }: Pick<RunContext, 'startedAt'>): string {
  return startedAt ?? new Date(Context.current().info.scheduledTimestampMs).toISOString();
}
