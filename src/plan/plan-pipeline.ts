import { asRunFailure, codeOf } from '../../workflows/failures.js';
import { bodyOf, type AnyBody } from '../../workflows/make-pipeline.js';
import { createRun } from '../../workflows/run.js';
import * as builtIn from '../../workflows/built-in.js';
import { relativeTo } from '../config/import-failure.js';
import { importModule, type LoadedProject } from '../config/load.js';
import { admissible } from '../config/parameters.js';
import { TerminalError } from '../core/errors.js';
import { StepPlanner } from './plan-step.js';
import { PlanSteps } from './plan-steps.js';
import { PlanDesk } from './plan-desk.js';
import { watchedRun } from './plan-run.js';
import type { Plan } from './plan.js';
import { UnknownValues } from './unknown-values.js';

/**
 * Finds out what a run of a pipeline would do: runs the pipeline's real function over steps that only look. Sources and targets
 * are asked for their metadata, no row is computed, and nothing is written.
 *
 * @throws TerminalError PIPELINE_UNKNOWN, PARAMETERS_INVALID, PIPELINE_NAME_MISMATCH; ProblemsError for files that do not load
 */
export async function planPipeline(project: LoadedProject, name: string, given: unknown): Promise<Plan> {
  const { params, partition } = admissible(project.pipelines, name, given);
  const body = await findBody(project, name);
  const desk = new PlanDesk(project);
  try {
    const unknown = new UnknownValues();
    const steps = new PlanSteps(name, new StepPlanner(desk), unknown);
    const context = { workflowId: `${name}/plan`, ...(partition !== undefined && { partition }) };
    const run = watchedRun(createRun(context, params, { steps, log: harmlessLog(unknown) }), unknown);
    // Begun a turn later, so that whatever it throws is a rejection.
    const end = Promise.resolve().then(() => body(run, params, steps));
    await steps.planUntil(end);
    const ended = await endOf(end, unknown);
    return { pipeline: name, params, ...(partition !== undefined && { partition }), steps: steps.planned, end: ended };
  } finally {
    desk.close();
  }
}

async function endOf(body: Promise<unknown>, unknown: UnknownValues): Promise<Plan['end']> {
  const settled = body.then(
    (value) => {
      unknown.release(value);
      unknown.settle();
      return { kind: 'complete' } as const;
    },
    (thrown: unknown) => {
      const failure = asRunFailure(needsTemporal(thrown) ?? thrown);
      const kind = needsTemporal(thrown) ? ('unknown' as const) : ('fails' as const);
      return { kind, code: codeOf(failure), message: failure.message };
    },
  );
  const stopped = unknown.stopped.then((what) => ({
    kind: 'unknown' as const,
    code: 'PLAN_ENDS',
    message: `The plan ends here: what the pipeline does next depends on the ${what}, which only a run knows.`,
  }));
  if (unknown.isStopped) return stopped;
  const end = await settled;
  return unknown.isStopped ? stopped : end;
}

function needsTemporal(thrown: unknown): TerminalError | undefined {
  if (!(thrown instanceof Error) || thrown.name !== 'IllegalStateError') return undefined;
  return new TerminalError(
    'PLAN_ENDS',
    `The plan ends here: the pipeline calls Temporal's own library, which works in a workflow only (${thrown.message.replace(/\.$/, '')}).`,
  );
}

function harmlessLog(unknown: UnknownValues) {
  const log = (message: string, facts?: object): void => unknown.release(message, facts);
  return { info: log, warn: log, error: log };
}

async function findBody(project: LoadedProject, name: string): Promise<AnyBody> {
  const own = (builtIn as Readonly<Record<string, unknown>>)[name];
  const { workflowsPath, directory } = project;
  if (own === undefined && project.bundlePath !== undefined) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `A build holds its pipelines for the workflow sandbox only. Plan "${name}" in the project's own folder, ${project.root}.`,
    );
  }
  const exported =
    own ??
    (workflowsPath === undefined
      ? undefined
      : ((await importModule(workflowsPath, '*', { directory, code: 'WORKFLOW_INVALID' })) as Record<string, unknown>)[name]);
  const body = bodyOf(exported);
  if (body) return body;
  const file = workflowsPath === undefined ? 'workflows/index.ts' : relativeTo(directory, workflowsPath);
  throw new TerminalError(
    'PIPELINE_NAME_MISMATCH',
    `${file} exports no pipeline "${name}", which the config has. Run \`millrace check\`.`,
  );
}
