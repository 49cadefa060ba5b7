import { Context } from '@temporalio/activity';
import { admissible } from '../src/config/parameters.js';
import { MillraceError } from '../src/core/errors.js';
import {
  filesMark,
  type ActOnTrigger,
  type StartAttempt,
  type TriggeredStart,
  type TriggerEvaluation,
} from '../src/core/trigger.js';
import type { TemporalClient } from '../src/temporal/connect.js';
import { partitionRunId } from '../src/temporal/run-id.js';
import { latestRun } from '../src/temporal/running-run.js';
import { startRun } from '../src/temporal/start-run.js';
import { toFailure } from './failure.js';
import { patiently } from './patience.js';
import { seenFiles } from './poll-trigger.js';
import type { Services } from './services.js';
import { ownTemporal } from './temporal-client.js';

type Start = ActOnTrigger['starts'][number];

/** What a start came to, for the workflow and for the catalog. */
interface Outcome {
  readonly attempt: StartAttempt;
  readonly evaluation: TriggerEvaluation;
}

/**
 * Starts the runs that a trigger has decided on, each once however often this is tried, and writes down what was decided and
 * what came of it.
 */
export function makeActOnTrigger(services: Services) {
  return async (input: ActOnTrigger): Promise<readonly StartAttempt[]> => {
    const { catalog } = services;
    const { cancellationSignal: signal } = Context.current();
    try {
      const outcomes: Outcome[] = [];
      for (const start of input.starts) outcomes.push(await tryStart(services, input, start));
      const evaluations = [...input.evaluations, ...outcomes.map(({ evaluation }) => evaluation)];
      const ids = new Set(evaluations.map(({ id }) => id));
      if (ids.size !== evaluations.length) throw new Error('Two evaluations have one id');
      await patiently(async () => {
        await catalog.recordTriggerEvaluations(evaluations);
        await raiseAlerts(services, evaluations);
        await noteFiles(services, input, outcomes);
      }, signal);
      return outcomes.map(({ attempt }) => attempt);
    } catch (error) {
      throw toFailure(error);
    }
  };
}

async function tryStart({ project }: Services, input: ActOnTrigger, start: Start): Promise<Outcome> {
  const temporal = ownTemporal(Context.current());
  const { pipeline, params: fixed } = input;
  try {
    const partitioning = project.pipelines[pipeline]?.partition;
    const given = {
      ...fixed,
      ...start.params,
      ...(partitioning && start.partition !== null && { [partitioning.parameter]: start.partition }),
    };
    const { config, params } = admissible(project.pipelines, pipeline, given);
    const busy = await runBefore(temporal, start);
    if (busy !== undefined) return blocked(input, start, busy);
    const workflowId = partitionRunId(pipeline, params, partitioning);
    const run = await startRun(temporal, {
      pipeline,
      params: given,
      ...(workflowId !== undefined && { workflowId }),
      taskQueue: project.taskQueue,
      onConflict: config.onConflict === 'replace' ? 'replace' : 'reject',
      idempotencyKey: `${input.trigger} ${start.key}`,
    });
    const evaluation = evaluationOf(input, start, { outcome: 'started', workflowId: run.workflowId, runId: run.runId });
    return { attempt: { key: start.key, workflowId: run.workflowId, blockedBy: null }, evaluation };
  } catch (error) {
    if (!(error instanceof MillraceError) || error.retryable) throw error;
    const { workflowId } = error.details as { readonly workflowId?: unknown };
    if (error.code === 'RUN_ALREADY_RUNNING' && typeof workflowId === 'string') return blocked(input, start, workflowId);
    // It would be refused however often it is tried: that is told, and the trigger goes on with what comes next.
    const { code, message: reason } = error;
    const evaluation = evaluationOf(input, start, { outcome: 'refused', code, reason });
    return { attempt: { key: start.key, workflowId: null, blockedBy: null }, evaluation };
  }
}

async function runBefore(temporal: TemporalClient, { after }: TriggeredStart): Promise<string | undefined> {
  if (after === undefined) return undefined;
  return (await latestRun(temporal, after))?.isRunning ? after : undefined;
}

function blocked(input: ActOnTrigger, start: Start, workflowId: string): Outcome {
  const reason = `The run ${workflowId} is running. One is started when it has ended.`;
  return {
    attempt: { key: start.key, workflowId: null, blockedBy: workflowId },
    evaluation: evaluationOf(input, start, { outcome: 'waiting', code: 'RUN_ALREADY_RUNNING', reason, workflowId }),
  };
}

function evaluationOf(
  { trigger, pipeline }: ActOnTrigger,
  { evaluation: id, kind, partition, inputs }: Start,
  came: Pick<TriggerEvaluation, 'outcome'> & Partial<TriggerEvaluation>,
): TriggerEvaluation {
  const at = id.slice(0, id.indexOf('/'));
  return { trigger, id, pipeline, kind, partition, at, code: null, reason: null, inputs, workflowId: null, runId: null, ...came };
}

/** What only a person can mend is told, once a day for each cause. */
async function raiseAlerts({ catalog }: Services, evaluations: readonly TriggerEvaluation[]): Promise<void> {
  for (const { trigger, pipeline, kind, partition, outcome, code, reason, at } of evaluations) {
    if (outcome !== 'refused' && outcome !== 'failed') continue;
    await catalog.raiseAlert({
      key: `${trigger} ${kind} ${partition ?? ''} ${code ?? ''} ${at.slice(0, 10)}`,
      kind: 'trigger',
      severity: 'warning',
      title: `A trigger of ${pipeline} ${outcome === 'refused' ? 'could not start its run' : 'failed'}`,
      text: `${reason ?? ''} [${code ?? ''}] Look at what it decided with: millrace triggers show ${pipeline}`,
      pipeline,
      ...(partition !== null && { partition }),
      at,
    });
  }
}

/** Files count as seen once their run is started, or is known to be refused: a look before that finds them again. */
async function noteFiles({ catalog }: Services, { trigger, starts }: ActOnTrigger, outcomes: readonly Outcome[]): Promise<void> {
  const settled = new Set(outcomes.flatMap(({ attempt }) => (attempt.blockedBy === null ? [attempt.key] : [])));
  const files = starts.flatMap((start) => (settled.has(start.key) ? (start.files ?? []) : []));
  if (files.length === 0) return;
  const name = filesMark(trigger);
  const seen = seenFiles(await catalog.readTriggerMark(name));
  const noted = { ...seen, ...Object.fromEntries(files.map(({ path, stamp }) => [path, stamp])) };
  await catalog.writeTriggerMark(name, JSON.stringify(noted));
}
