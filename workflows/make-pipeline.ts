import {
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Project } from '../src/config/project.js';
import { SEARCH_ATTRIBUTES, type AdmittedRun } from '../src/core/admission.js';
import { TerminalError } from '../src/core/errors.js';
import type { RunContext } from '../src/core/steps.js';
import { Approvals } from './approvals.js';
import { admitRun, tellEnd } from './bookkeeping.js';
import { asRunFailure, codeOf } from './failures.js';
import { createRun } from './run.js';
import { createRunLog } from './run-log.js';
import { RunState, stateQuery } from './run-state.js';
import { Steering } from './steering.js';
import { StepRunner, type RunControls } from './step-runner.js';
import type { Steps } from './steps.js';
import type { NameOf, ParamsOf, Run, RunControl } from './types.js';

/** A pipeline's function; what does its steps is for Millrace's own pipelines. */
type Body<P extends Project, N extends NameOf<P['pipelines']>, R> = (
  run: Run<P>,
  params: ParamsOf<P, N>,
  steps: Steps,
) => Promise<R>;

/** Makes one of Millrace's own pipelines: like any other, but for steps that no other has. */
export function makePipeline<P extends Project, N extends NameOf<P['pipelines']>, R>(name: N, body: Body<P, N, R>) {
  const workflow = (params?: unknown, control?: RunControl): Promise<R> => execute(name, params, control, body);
  return Object.assign(workflow, { pipelineName: name, body });
}

/** A pipeline's function, as those call it who run it elsewhere than in a workflow. */
export type AnyBody = (run: unknown, params: unknown, steps: Steps) => Promise<unknown>;

/** The function that `pipeline()` was given; `undefined` for what it did not make. */
export function bodyOf(pipeline: unknown): AnyBody | undefined {
  const { body } = (typeof pipeline === 'function' ? pipeline : {}) as { readonly body?: unknown };
  return typeof body === 'function' ? (body as AnyBody) : undefined;
}

async function execute<P extends Project, N extends NameOf<P['pipelines']>, R>(
  name: N,
  params: unknown,
  control: RunControl | undefined,
  body: Body<P, N, R>,
): Promise<R> {
  const state = new RunState(name);
  const steering = new Steering(() => showHolds(state, steering));
  const approvals = new Approvals(state, () => setCurrentDetails(state.details()));
  // Before the first await: a reset delivers earlier updates and queries with the first task.
  setHandler(stateQuery, () => state.view());
  steering.listen();
  approvals.listen();
  let admitted: AdmittedRun;
  try {
    refuseMisuse(name);
    setCurrentDetails(state.details());
    admitted = await admit(name, params, control);
  } catch (error) {
    state.status = isCancellation(error) ? 'cancelled' : 'failed';
    throw asRunFailure(error);
  }
  state.partition = admitted.partition;
  state.status = 'running';
  tagRun(name, admitted);
  const context = describeRun(name, admitted);
  let outcome: Outcome<R>;
  try {
    outcome = { ok: true, value: await runBody(context, admitted, { state, steering, approvals }, body) };
  } catch (error) {
    outcome = { ok: false, error };
  }
  return conclude(context, state, outcome);
}

function showHolds(state: RunState, { holds, decisions }: Steering): void {
  state.holds = holds;
  state.decisions = decisions;
  setCurrentDetails(state.details());
}

function describeRun(pipeline: string, { loadScope, partition }: AdmittedRun): RunContext {
  const { workflowId, runId, runStartTime } = workflowInfo();
  const startedAt = runStartTime.toISOString();
  return { pipeline, workflowId, runId, loadScope, startedAt, ...(partition !== undefined && { partition }) };
}

async function runBody<P extends Project, N extends NameOf<P['pipelines']>, R>(
  context: RunContext,
  admitted: AdmittedRun,
  control: RunControls,
  body: Body<P, N, R>,
): Promise<R> {
  const steps = new StepRunner(context, admitted, control);
  const scope = new CancellationScope();
  try {
    const params = admitted.params as ParamsOf<P, N>;
    return await scope.run(() => body(createRun<P>(context, admitted.params, { steps, log: createRunLog() }), params, steps));
  } finally {
    control.steering.end();
    control.approvals.end();
    const stopped = steps.close(scope);
    if (stopped) await stopped;
  }
}

type Outcome<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown };

/** Ends the run, and lets the catalog know. */
function conclude<R>(context: RunContext, state: RunState, outcome: Outcome<R>): R {
  const failure = outcome.ok ? undefined : asRunFailure(outcome.error);
  const status = outcome.ok ? 'completed' : isCancellation(outcome.error) ? 'cancelled' : 'failed';
  state.status = status;
  setCurrentDetails(state.details());
  tellEnd({
    run: context,
    status,
    finishedAt: new Date().toISOString(),
    ...(outcome.ok && { result: outcome.value }),
    ...(failure && { error: { code: codeOf(failure), message: failure.message } }),
  });
  if (!outcome.ok) throw failure as Error;
  return outcome.value;
}

function refuseMisuse(name: string): void {
  const info = workflowInfo();
  if (info.workflowType !== name) {
    throw new TerminalError(
      'PIPELINE_NAME_MISMATCH',
      `The pipeline "${name}" is exported as "${info.workflowType}". Give the export, pipeline() and the config the same name.`,
    );
  }
  if (info.cronSchedule) {
    throw new TerminalError(
      'CRON_REFUSED',
      'Pipelines do not run by --cron, which gives every run the same id. Use a Temporal Schedule: temporal schedule create --help.',
    );
  }
}

function admit(pipeline: string, params: unknown, control: unknown): Promise<AdmittedRun> {
  const info = workflowInfo();
  return admitRun({
    pipeline,
    workflowId: info.workflowId,
    runId: info.runId,
    firstRunId: info.firstExecutionRunId,
    taskQueue: info.taskQueue,
    startedAt: info.runStartTime.toISOString(),
    params,
    control,
  });
}

function tagRun(pipeline: string, admitted: AdmittedRun): void {
  const values = { pipeline, partition: admitted.partition, owner: admitted.owner };
  const pairs = Object.entries(SEARCH_ATTRIBUTES).flatMap(([fact, attribute]) => {
    const value = values[fact as keyof typeof values];
    if (value === undefined || !admitted.searchAttributes.includes(attribute)) return [];
    return [{ key: defineSearchAttributeKey(attribute, 'KEYWORD'), value }];
  });
  if (pairs.length > 0) upsertSearchAttributes(pairs);
}
