import { Context } from '@temporalio/activity';
import type { AdmitInput, AdmittedRun } from '../src/core/admission.js';
import { admissible } from '../src/config/parameters.js';
import type { PipelineConfig } from '../src/config/project.js';
import { toFailure } from './failure.js';
import { resolveRetry, type ResolvedRetry } from './retry-of.js';
import { knownSearchAttributes } from './search-attributes.js';
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
      const retry = await resolveRetry(services, context, input);
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
      });
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
    loadScope,
    ...(retry && { retryOf: retry.retryOf }),
    ...(retry?.auditOverride && { auditOverride: retry.auditOverride }),
    searchAttributes: await knownSearchAttributes(context),
    reuse: retry?.reuse ?? {},
    heartbeatTimeout: services.project.heartbeatTimeout,
  };
}

function recordOverride(
  { catalog }: Services,
  { workflowId, runId, startedAt }: AdmitInput,
  override: NonNullable<ResolvedRetry['auditOverride']>,
): Promise<void> {
  return catalog.recordAuditOverride({ workflowId, runId, ...override, at: startedAt });
}
