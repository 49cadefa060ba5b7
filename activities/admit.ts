import { Context } from '@temporalio/activity';
import type { AdmitInput, AdmittedRun } from '../src/core/admission.js';
import { admissible } from '../src/config/parameters.js';
import type { PipelineConfig } from '../src/config/project.js';
import type { ResolvedMark } from './mark.js';
import { toFailure } from './failure.js';
import { resolveRetry, type ResolvedRetry } from './retry-of.js';
import { knownSearchAttributes } from './search-attributes.js';
import { runScope } from './run-scope.js';
import type { Services } from './services.js';

/**
 * The first thing of every run: checks and completes its parameters, writes the run into the catalog, and resolves what
 * the workflow must not find out by itself. However a run is started, this is all the preparation it gets.
 */
export function makeAdmit(services: Services) {
  return async (input: AdmitInput): Promise<AdmittedRun> => {
    const context = Context.current();
    try {
      const { config, params, partition } = admissible(services.project.pipelines, input.pipeline, input.params);
      const retry = await resolveRetry(services, context, input, params);
      const loadScope = retry?.loadScope ?? `${input.workflowId}/${input.firstRunId}/0`;
      await services.catalog.recordRunStarted({
        workflowId: input.workflowId,
        runId: input.runId,
        firstRunId: input.firstRunId,
        pipeline: input.pipeline,
        partition,
        params,
        owner: config.owner,
        startedAt: input.startedAt,
        loadScope,
        retryOf: retry?.retryOf,
        taskQueue: input.taskQueue,
        workerIdentity: services.workerIdentity,
        namespace: context.info.namespace,
        code: services.code,
        changes: retry?.changes,
      });
      if (retry?.mark) await recordMark(services, context, input, { mark: retry.mark, loadScope, partition });
      if (retry?.auditOverride) await recordOverride(services, input, retry.auditOverride);
      return await describeAdmission(services, context, { config, params, partition, loadScope, retry });
    } catch (error) {
      throw toFailure(error);
    }
  };
}

async function describeAdmission(
  services: Services,
  context: Context,
  facts: {
    readonly config: PipelineConfig;
    readonly params: Readonly<Record<string, unknown>>;
    readonly partition: string | undefined;
    readonly loadScope: string;
    readonly retry: ResolvedRetry | undefined;
  },
): Promise<AdmittedRun> {
  const { config, params, partition, loadScope, retry } = facts;
  return {
    params,
    ...(partition !== undefined && { partition }),
    ...(config.owner !== undefined && { owner: config.owner }),
    ...(config.priority !== undefined && { priority: config.priority }),
    ...(config.fairness !== undefined && { fairness: config.fairness }),
    loadScope,
    ...(retry && { retryOf: retry.retryOf }),
    ...(retry?.auditOverride && { auditOverride: retry.auditOverride }),
    searchAttributes: await knownSearchAttributes(context),
    reuse: retry?.reuse ?? {},
    ...(retry?.reuseFrom && { reuseFrom: retry.reuseFrom }),
    ...(retry?.mark && { marked: retry.mark.marked }),
    ...(retry && { changes: retry.changes }),
    code: services.code,
    heartbeatTimeout: services.project.heartbeatTimeout,
    ...(config.stepQueue !== undefined && { stepQueue: config.stepQueue }),
  };
}

/** The step is this run's from the beginning: nobody will do it. */
async function recordMark(
  { catalog, workerIdentity }: Services,
  context: Context,
  { pipeline, workflowId, runId, startedAt }: AdmitInput,
  facts: { readonly mark: ResolvedMark; readonly loadScope: string; readonly partition: string | undefined },
): Promise<void> {
  const { mark, loadScope, partition } = facts;
  const { step, ...decision } = mark.marked;
  await catalog.recordDecision({ workflowId, runId, number: 0, action: 'mark', step, ...decision, at: startedAt });
  await catalog.recordStepFinished({
    workflowId,
    runId,
    step,
    attempt: 1,
    startedAt,
    finishedAt: startedAt,
    workerIdentity,
    result: mark.result,
    inputs: [],
    manifest: mark.manifest,
    run: runScope(
      { pipeline, workflowId, runId, loadScope, ...(partition !== undefined && { partition }) },
      context.info.namespace,
    ),
  });
}

function recordOverride(
  { catalog }: Services,
  { workflowId, runId, startedAt }: AdmitInput,
  override: NonNullable<ResolvedRetry['auditOverride']>,
): Promise<void> {
  return catalog.recordAuditOverride({ workflowId, runId, ...override, at: startedAt });
}
