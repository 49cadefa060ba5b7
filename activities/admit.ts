import { Context } from '@temporalio/activity';
import { TerminalError } from '../src/core/errors.js';
import type { AdmitInput, AdmittedRun } from '../src/core/admission.js';
import { partitionRange } from '../src/core/partitions.js';
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
      const config = findPipeline(services, input.pipeline);
      const params = checkParams(input.pipeline, config, input.params);
      const partition = checkPartition(config, params);
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

function findPipeline({ project }: Services, name: string): PipelineConfig {
  const config = Object.hasOwn(project.pipelines, name) ? project.pipelines[name] : undefined;
  if (config) return config;
  throw new TerminalError(
    'PIPELINE_UNKNOWN',
    `The config has no pipeline "${name}". It has: ${Object.keys(project.pipelines).join(', ')}.`,
  );
}

function checkParams(pipeline: string, config: PipelineConfig, params: unknown): Record<string, unknown> {
  const parsed = config.params.strict().safeParse(params ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(all)'}: ${issue.message}`);
  throw new TerminalError(
    'PARAMETERS_INVALID',
    `The parameters of "${pipeline}" are wrong: ${problems.join('; ')}. Correct them and start again.`,
    {
      fields: parsed.error.issues.map((issue) => issue.path.join('.')).join(','),
    },
  );
}

function checkPartition(config: PipelineConfig, params: Readonly<Record<string, unknown>>): string | undefined {
  const partitioning = config.partition;
  if (!partitioning) return undefined;
  const value = String(params[partitioning.parameter]);
  const first = partitionRange(partitioning.from);
  const range = partitionRange(value);
  if (value.length !== partitioning.from.length || range.gte < first.gte) {
    throw new TerminalError(
      'PARAMETERS_INVALID',
      `${partitioning.parameter}: "${value}" is not one of the pipeline's ${partitioning.kind} partitions, which begin with ${partitioning.from}.`,
    );
  }
  return value;
}
