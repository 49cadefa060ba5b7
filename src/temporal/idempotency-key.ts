import { createHash, randomUUID } from 'node:crypto';
import { defaultPayloadConverter, WorkflowNotFoundError } from '@temporalio/client';
import { canonicalJson } from '../core/canonical-json.js';
import { TerminalError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';
import type { RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/** What a run's memo holds of the start that made it. Of the key only a hash, since keys may tell what is nobody's business. */
interface StartMarks {
  readonly key: string;
  /** Of what was to be started. */
  readonly input: string;
  /** Which call it was. */
  readonly call: string;
}

/** A run that a start gives. */
export interface StartedRun extends Required<RunAddress> {
  /** False where the run was there before. */
  readonly started: boolean;
}

export interface KeyMarks {
  readonly memo: { readonly millraceStart: StartMarks };
  /** The same for each start with the key under the same id. */
  readonly requestId: string;
}

/** Executions of one id that are searched for a key: those before are so long past that nobody repeats their start. */
const MOST_EXECUTIONS = 200;

/** The id of a run that is known by its key alone. */
export function workflowIdOfKey(pipeline: string, key: string): string {
  return `${pipeline}-key-${hash(pipeline, key).slice(0, 24)}`;
}

/** By what a run is recognized that a key has started. */
export function keyMarks(
  {
    pipeline,
    params,
    control,
    workflowId,
  }: Readonly<Record<'pipeline' | 'workflowId', string> & Record<'params' | 'control', unknown>>,
  key: string,
): KeyMarks {
  const input = hash(canonicalJson({ pipeline, params, control }));
  return {
    memo: { millraceStart: { key: hash(key), input, call: randomUUID() } },
    requestId: hash('start', workflowId, key),
  };
}

/**
 * The run of a workflow id that the key has started, the latest where there are several.
 *
 * @param isOwn whether the id follows from the key: then its latest run is the one, also where a retry made it
 * @throws TerminalError IDEMPOTENCY_CONFLICT when it was started with other parameters
 */
export async function findByKey(
  temporal: TemporalClient,
  workflowId: string,
  marks: KeyMarks,
  isOwn: boolean,
): Promise<StartedRun | undefined> {
  const latest = await readMarks(temporal, { workflowId });
  if (!latest) return undefined;
  if (latest.marks?.key === marks.memo.millraceStart.key || isOwn) return again(latest, marks);
  const earlier = await listMarks(temporal, workflowId);
  const found = earlier.find(({ marks: each }) => each?.key === marks.memo.millraceStart.key);
  return found && again(found, marks);
}

/** A run that was just started with these marks, or that the server gave because an earlier call had started it. */
export async function markedRun(temporal: TemporalClient, run: Required<RunAddress>, marks: KeyMarks): Promise<StartedRun> {
  const found = await readMarks(temporal, run);
  if (found?.marks?.call === marks.memo.millraceStart.call) return { ...run, started: true };
  return found ? again(found, marks) : { ...run, started: false };
}

interface MarkedRun extends Required<RunAddress> {
  readonly marks: StartMarks | undefined;
}

function again({ workflowId, runId, marks: found }: MarkedRun, { memo }: KeyMarks): StartedRun {
  if (found === undefined || found.input === memo.millraceStart.input) return { workflowId, runId, started: false };
  throw new TerminalError(
    'IDEMPOTENCY_CONFLICT',
    `The idempotency key has started run ${workflowId} with other parameters. Give a start with new parameters a new key, or repeat the old ones unchanged.`,
    { workflowId, runId },
  );
}

async function readMarks(temporal: TemporalClient, { workflowId, runId }: RunAddress): Promise<MarkedRun | undefined> {
  return answered(temporal, workflowId, async () => {
    try {
      const description = await temporal.client.workflow.getHandle(workflowId, runId).describe();
      return { workflowId, runId: description.runId, marks: description.memo?.['millraceStart'] as StartMarks | undefined };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  });
}

async function listMarks(temporal: TemporalClient, workflowId: string): Promise<MarkedRun[]> {
  const { client, namespace } = temporal;
  const query = `WorkflowId = '${workflowId.replaceAll("'", "''")}'`;
  const { executions } = await answered(temporal, workflowId, () =>
    client.workflowService.listWorkflowExecutions({ namespace, query, pageSize: MOST_EXECUTIONS }),
  );
  return (executions ?? []).map(({ execution, memo }) => {
    const payload = memo?.fields?.['millraceStart'];
    return {
      workflowId,
      runId: execution?.runId ?? '',
      marks: payload ? defaultPayloadConverter.fromPayload<StartMarks>(payload) : undefined,
    };
  });
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
