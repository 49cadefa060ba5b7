import type { Catalog, RunScope, StepInput } from '../catalog/index.js';
import type { CheckResult, CheckSummary } from '../core/checks.js';
import type { DatasetRef } from '../core/dataset.js';
import type { Manifest } from '../core/manifest.js';
import { targetOfUri } from '../core/table.js';
import type {
  BesideEarlier,
  CheckStepInput,
  DatasetStepResult,
  LoadStepInput,
  LoadStepResult,
  RunContext,
  StepId,
  StepKind,
  StepResult,
  TransformOnStepInput,
  TransformStepInput,
  ValidateStepInput,
} from '../core/steps.js';
import { storedWatermark } from '../core/watermark.js';
import type { PastActivity } from '../temporal/past-activities.js';
import type { RunHistory } from '../temporal/run-history.js';

/** What the rebuild of one run needs beside its history. */
export interface RunSources {
  readonly catalog: Catalog;
  readonly namespace: string;
  /** The manifest at a URI, unless it is gone from staging. */
  readonly manifest: (uri: string) => Promise<Manifest | undefined>;
}

/** What was told of one run. */
export interface RunTold {
  readonly steps: number;
  /** Attempts before the last of each step, which a history does not keep. */
  readonly attemptsLost: number;
  /** Decisions to skip a step: what was not done for want of it, a history does not say. */
  readonly skips: number;
}

const KINDS = new Set<string>([
  'watermark',
  'extract',
  'validate',
  'transform',
  'check',
  'load',
  'discover',
  'quarantine',
  'sweep',
] satisfies StepKind[]);

interface Step extends PastActivity {
  readonly input: { readonly run: RunContext; readonly step: StepId; readonly attemptsBefore?: number };
}

/** Tells the catalog of a run and its steps what the run's history tells. A run that was refused has no facts. */
export async function tellRun(sources: RunSources, history: RunHistory): Promise<RunTold> {
  if (!history.admitted) return { steps: 0, attemptsLost: 0, skips: 0 };
  if (!history.isReset) await tellStart(sources, history, history.admitted);
  await tellOverride(sources, history);
  await tellDecisions(sources, history);
  if (!history.isReset) await tellMark(sources, history, history.admitted);
  // A history that a reset made begins with the steps of the run that was reset, under that run's id.
  const steps = history.activities.filter((activity): activity is Step => isStepOf(history.runId, activity));
  for (const step of steps) await tellStep(sources, step);
  const { workflowId, runId } = history;
  if (history.end) {
    const { status, closedAt: finishedAt, error, result } = history.end;
    await sources.catalog.recordRunClosed({ workflowId, runId, status, finishedAt, error, result });
  }
  const attemptsLost = steps.reduce((lost, step) => lost + step.attempt - 1, 0);
  return { steps: steps.length, attemptsLost, skips: history.decisions.filter(({ action }) => action === 'skip').length };
}

async function tellDecisions({ catalog }: RunSources, { workflowId, runId, decisions }: RunHistory): Promise<void> {
  for (const decision of decisions) await catalog.recordDecision({ workflowId, runId, ...decision });
}

/** A step that counts as done is the run's from its beginning. */
async function tellMark(
  { catalog, namespace, manifest }: RunSources,
  { workflowId, runId, startedAt, pipeline }: RunHistory,
  { run, workerIdentity }: NonNullable<RunHistory['admitted']>,
): Promise<void> {
  const { marked, loadScope, partition } = run;
  const result = marked && run.reuse[marked.step];
  if (!marked || !result) return;
  await catalog.recordDecision({ workflowId, runId, number: 0, action: 'mark', ...marked, at: startedAt });
  await catalog.recordStepFinished({
    workflowId,
    runId,
    step: marked.step,
    attempt: 1,
    startedAt,
    finishedAt: startedAt,
    workerIdentity,
    result,
    inputs: [],
    manifest: await manifest(marked.dataset),
    run: { pipeline, loadScope, namespace, ...(partition !== undefined && { partition }) },
  });
}

async function tellOverride({ catalog }: RunSources, { workflowId, runId, startedAt, admitted }: RunHistory): Promise<void> {
  const override = admitted?.run.auditOverride;
  if (override) await catalog.recordAuditOverride({ workflowId, runId, ...override, at: startedAt });
}

function tellStart(
  { catalog, namespace }: RunSources,
  history: RunHistory,
  { run, workerIdentity }: NonNullable<RunHistory['admitted']>,
): Promise<void> {
  return catalog.recordRunStarted({
    workflowId: history.workflowId,
    runId: history.runId,
    firstRunId: history.firstRunId,
    pipeline: history.pipeline,
    partition: run.partition,
    params: run.params,
    owner: run.owner,
    startedAt: history.startedAt,
    loadScope: run.loadScope,
    retryOf: run.retryOf,
    code: run.code,
    changes: run.changes,
    taskQueue: history.taskQueue,
    workerIdentity,
    namespace,
  });
}

function isStepOf(runId: string, activity: PastActivity): boolean {
  // What a step took over is told by the run that did it.
  if ('result' in activity.outcome && (activity.outcome.result as BesideEarlier | undefined)?.takenOver === true) return false;
  return KINDS.has(activity.type) && (activity.input as Step['input'] | undefined)?.run.runId === runId;
}

async function tellStep(sources: RunSources, step: Step): Promise<void> {
  const { catalog, namespace } = sources;
  const { run, step: id, attemptsBefore = 0 } = step.input;
  const { workflowId, runId, pipeline, loadScope, partition } = run;
  const scope: RunScope = { pipeline, loadScope, namespace, ...(partition !== undefined && { partition }) };
  const key = { workflowId, runId, step: id, attempt: attemptsBefore + step.attempt };
  const kind = step.type as StepKind;
  const { startedAt, finishedAt, workerIdentity, outcome } = step;
  await catalog.recordStepStarted({ ...key, kind, name: id.slice(kind.length + 1), startedAt, workerIdentity, run: scope });
  const runStartedAt = run.startedAt;
  const when = { ...key, startedAt, finishedAt, run: scope, ...(runStartedAt !== undefined && { runStartedAt }) };
  if ('failure' in outcome) {
    const { code, message, details } = outcome.failure;
    const judged = await judgedDataset(sources, code, details);
    const checks = failedChecks(details);
    await catalog.recordStepFailed({
      ...when,
      code,
      message,
      willRetry: false,
      ...(judged && { judged }),
      ...(checks && { checks }),
    });
    return;
  }
  const result = outcome.result as StepResult;
  const checks = checksOf(result);
  const done = { ...when, result, inputs: inputsOf(step, result), ...(checks && { checks }) };
  if ('load' in result) await catalog.recordStepFinished({ ...done, load: loadOf(step, result) });
  else if (!('dataset' in result)) await catalog.recordStepFinished(done);
  else await catalog.recordStepFinished({ ...done, manifest: await manifestOf(sources, result) });
}

async function judgedDataset({ manifest }: RunSources, code: string, details: unknown) {
  const dataset = (details as { dataset?: unknown } | undefined)?.dataset;
  if ((code !== 'CONTRACT_BREACH' && code !== 'CHECK_FAILED') || typeof dataset !== 'string') return undefined;
  const found = await manifest(dataset);
  return found && { dataset, manifest: found };
}

// A history has no examples of what broke a check, and of many checks not all.
function checksOf(result: StepResult): readonly CheckResult[] | undefined {
  const outcome =
    'checked' in result ? result.checked : 'load' in result ? result.audited : 'dataset' in result ? result.checks : undefined;
  return outcome?.results.map((summary) => ({ ...summary, examples: [] }));
}

function failedChecks(details: unknown): readonly CheckResult[] | undefined {
  const text = (details as { checks?: unknown } | undefined)?.checks;
  if (typeof text !== 'string') return undefined;
  return (JSON.parse(text) as CheckSummary[]).map((summary) => ({ ...summary, examples: [] }));
}

function manifestOf({ manifest }: RunSources, result: DatasetStepResult): Promise<Manifest | undefined> {
  return manifest(result.dataset.uri);
}

function inputsOf({ type, input }: Step, result: StepResult): StepInput[] {
  if (type === 'extract' || type === 'discover' || type === 'watermark' || type === 'quarantine' || type === 'sweep') return [];
  if ('load' in result && result.transformed)
    return result.transformed.inputs.map((table) => ({ name: targetOfUri(table.uri), ...table }));
  if (type === 'transform' || type === 'check')
    return Object.values((input as TransformStepInput | CheckStepInput).inputs).map(inputFact);
  return [inputFact((input as ValidateStepInput | LoadStepInput).input)];
}

function inputFact({ name, uri, content }: DatasetRef): StepInput {
  return { name, uri, content };
}

function loadOf({ input }: Step, { load, transformed }: LoadStepResult) {
  if (transformed) {
    const { on: connection, run } = input as TransformOnStepInput;
    return {
      ...load,
      connection,
      content: transformed.content,
      ...(run.partition !== undefined && { partition: run.partition }),
    };
  }
  const {
    connection,
    input: dataset,
    run,
    watermark,
    addsTo,
    key,
    deleteFlag,
    validFrom,
    schema,
    ...how
  } = input as LoadStepInput;
  const options = {
    ...(key && { key }),
    ...(how.partition && { partition: how.partition }),
    deleteFlag,
    validFrom,
    schema,
    ...(how.audit && { audited: true as const }),
  };
  const moved = watermark && storedWatermark(watermark);
  const partition = run.partition !== undefined && { partition: run.partition };
  return {
    ...load,
    connection,
    content: dataset.content,
    options,
    ...partition,
    ...(moved && { moved }),
    ...(addsTo && { addsTo: addsTo.loadId }),
  };
}
