import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import {
  RELAY_EVERY_MS,
  RELAY_WORKFLOW,
  relayId,
  TRIGGER_WORKFLOW,
  triggerId,
  type DatasetEvent,
  type RelayInput,
  type TriggerInput,
  type TriggerRequest,
  type TriggerSettings,
  type WebhookDelivery,
} from '../core/trigger.js';
import type { TemporalClient } from './connect.js';
import { answered } from './service-errors.js';

/** Whose triggers they are. */
export interface TriggerPlace {
  readonly taskQueue: string;
  readonly pipeline: string;
}

/** What a trigger is told, by the names of its signals. */
interface TriggerSignals {
  readonly loads: readonly DatasetEvent[];
  readonly delivery: WebhookDelivery;
  readonly pause: TriggerRequest;
  readonly resume: TriggerRequest;
  readonly evaluate: TriggerRequest;
  readonly settings: TriggerSettings;
}

/** A trigger as Temporal has it. */
export interface TemporalTrigger {
  readonly pipeline: string;
  readonly id: string;
  /** As it was applied; null for a workflow of its id that Millrace has not made. */
  readonly settings: TriggerSettings | null;
}

/** A trigger that works; `undefined` where none does. */
export async function describeTrigger(temporal: TemporalClient, place: TriggerPlace): Promise<TemporalTrigger | undefined> {
  const id = triggerId(place.taskQueue, place.pipeline);
  const found = await describeOpen(temporal, id);
  if (!found) return undefined;
  const isOurs = found.type === TRIGGER_WORKFLOW && found.taskQueue === place.taskQueue;
  return {
    pipeline: place.pipeline,
    id,
    settings: isOurs ? ((found.memo?.['millraceTrigger'] ?? null) as TriggerSettings) : null,
  };
}

/** Lets a trigger begin to work, unless one of its id works already. Says whether it has. */
export async function startTrigger(
  temporal: TemporalClient,
  place: TriggerPlace,
  input: Omit<TriggerInput, 'pipeline'>,
): Promise<boolean> {
  return startUnlessOpen(temporal, TRIGGER_WORKFLOW, optionsOf(place, input));
}

/** Tells a trigger something. Says whether there is one that works. */
export async function tellTrigger<Name extends keyof TriggerSignals>(
  temporal: TemporalClient,
  place: TriggerPlace,
  name: Name,
  word: TriggerSignals[Name],
): Promise<boolean> {
  return tell(temporal, triggerId(place.taskQueue, place.pipeline), name, word);
}

/** Tells a trigger something, and lets it begin to work anew where somebody has ended it. */
export async function reviveTrigger<Name extends keyof TriggerSignals>(
  temporal: TemporalClient,
  place: TriggerPlace,
  settings: TriggerSettings,
  [name, word]: readonly [Name, TriggerSignals[Name]],
): Promise<void> {
  const options = optionsOf(place, { settings });
  await answered(temporal, options.workflowId, () =>
    temporal.client.workflow.signalWithStart(TRIGGER_WORKFLOW, { ...options, signal: name, signalArgs: [word] }),
  );
}

/** When a trigger last began to work, ISO, also one that was ended since; `undefined` where Temporal knows of none. */
export async function lastStartOf(temporal: TemporalClient, { taskQueue, pipeline }: TriggerPlace): Promise<string | undefined> {
  const id = triggerId(taskQueue, pipeline);
  return answered(temporal, id, () =>
    unlessGone(async () => (await temporal.client.workflow.getHandle(id).describe()).startTime.toISOString(), undefined),
  );
}

/** The pipelines whose triggers work; by visibility, which lags behind by moments. */
export async function listOwnTriggers(temporal: TemporalClient, taskQueue: string): Promise<string[]> {
  const prefix = triggerId(taskQueue, '');
  const query = `WorkflowType = '${TRIGGER_WORKFLOW}' AND ExecutionStatus = 'Running' AND TaskQueue = '${taskQueue.replaceAll("'", "''")}'`;
  return answered(temporal, 'triggers', async () => {
    const found: string[] = [];
    for await (const { workflowId } of temporal.client.workflow.list({ query, pageSize: 500 })) {
      if (workflowId.startsWith(prefix)) found.push(workflowId.slice(prefix.length));
    }
    return found.toSorted();
  });
}

/** Ends a trigger; runs that it has started go on. */
export async function endTrigger(temporal: TemporalClient, place: TriggerPlace): Promise<void> {
  await end(temporal, triggerId(place.taskQueue, place.pipeline));
}

/** The connections that a project's relay looks into; `undefined` where none works. */
export async function describeRelay(temporal: TemporalClient, taskQueue: string): Promise<readonly string[] | undefined> {
  const found = await describeOpen(temporal, relayId(taskQueue));
  return found && ((found.memo?.['millraceRelay'] ?? []) as string[]);
}

/** Lets a project's relay look into these connections from now on, and no others; with none it ends. */
export async function setRelay(temporal: TemporalClient, taskQueue: string, connections: readonly string[]): Promise<void> {
  const before = await describeRelay(temporal, taskQueue);
  const workflowId = relayId(taskQueue);
  if (before && before.join() === connections.join()) return;
  // How far it has got is in the catalog, so that another one goes on from there.
  if (before) await end(temporal, workflowId);
  if (connections.length === 0) return;
  const input: RelayInput = { connections, since: new Date().toISOString(), everyMs: RELAY_EVERY_MS };
  await startRelay(temporal, taskQueue, input);
}

/** Lets a relay begin to work. */
export async function startRelay(temporal: TemporalClient, taskQueue: string, input: RelayInput): Promise<boolean> {
  const memo = { millraceRelay: input.connections };
  return startUnlessOpen(temporal, RELAY_WORKFLOW, { workflowId: relayId(taskQueue), taskQueue, args: [input], memo });
}

/** Has the relay look now. Says whether there is one. */
export async function askRelay(temporal: TemporalClient, taskQueue: string): Promise<boolean> {
  return tell(temporal, relayId(taskQueue), 'look');
}

interface Options {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly args: [unknown];
  readonly memo: Record<string, unknown>;
}

function optionsOf({ taskQueue, pipeline }: TriggerPlace, input: Omit<TriggerInput, 'pipeline'>): Options {
  const workflowId = triggerId(taskQueue, pipeline);
  return { workflowId, taskQueue, args: [{ pipeline, ...input }], memo: { millraceTrigger: input.settings } };
}

async function startUnlessOpen(temporal: TemporalClient, type: string, options: Options): Promise<boolean> {
  return answered(temporal, options.workflowId, async () => {
    try {
      await temporal.client.workflow.start(type, { ...options, workflowIdConflictPolicy: 'FAIL' });
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  });
}

async function tell(temporal: TemporalClient, workflowId: string, signal: string, ...args: readonly unknown[]): Promise<boolean> {
  return answered(temporal, workflowId, () =>
    unlessGone(async () => {
      await temporal.client.workflow.getHandle(workflowId).signal(signal, ...args);
      return true;
    }, false),
  );
}

async function end(temporal: TemporalClient, workflowId: string): Promise<void> {
  await answered(temporal, workflowId, () =>
    unlessGone(async () => {
      await temporal.client.workflow.getHandle(workflowId).terminate('millrace apply: the config has it no more');
    }, undefined),
  );
}

async function describeOpen(temporal: TemporalClient, workflowId: string) {
  return answered(temporal, workflowId, () =>
    unlessGone(async () => {
      const { status, type, taskQueue, memo } = await temporal.client.workflow.getHandle(workflowId).describe();
      return status.name === 'RUNNING' ? { type, taskQueue, memo } : undefined;
    }, undefined),
  );
}

async function unlessGone<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return otherwise;
    throw error;
  }
}
