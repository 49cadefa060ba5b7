import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createActivities } from '../../activities/index.js';
import { unknownConnection } from '../../activities/connect.js';
import { asRunFailure, codeOf } from '../../workflows/failures.js';
import { bodyOf } from '../../workflows/make-pipeline.js';
import { createRun } from '../../workflows/run.js';
import { RunState } from '../../workflows/run-state.js';
import type { Pipeline } from '../../workflows/types.js';
import { openCatalog } from '../catalog/index.js';
import { findConfigFile } from '../config/find-project.js';
import type { LoadedProject } from '../config/load.js';
import { millraceVersion } from '../config/millrace-version.js';
import { admissible } from '../config/parameters.js';
import type { Project } from '../config/project.js';
import { openLeftWorks } from '../connectors/left-work.js';
import { TerminalError } from '../core/errors.js';
import type { RunContext } from '../core/steps.js';
import { openStaging } from '../engine/open-staging.js';
import { GivenConnections } from './given-connections.js';
import type { GivenApprovals } from './approval-answers.js';
import type { GivenRows } from './given-rows.js';
import { PipelineTest, type TestedError, type TestedLogLine } from './pipeline-result.js';
import { readOutcome } from './read-outcome.js';
import { TestSteps } from './test-steps.js';

/** What a pipeline meets in a test. */
export interface PipelineTestOptions<Params = unknown> {
  /** The run's parameters, as it would be started with. @default none */
  readonly params?: Params;
  /**
   * The rows of each source, by the names that the pipeline gives to datasets. The step's `where`, `columns` and `cursor` apply
   * to them; a path, a table or a query is not looked at.
   */
  readonly datasets?: Readonly<Record<string, GivenRows>>;
  /** How far targets have got, by connection and target, and `#name` for a watermark that has one. @default nothing was loaded before */
  readonly watermarks?: Readonly<Record<string, string | number | null>>;
  /** Steps that fail, by their ids: `{ 'load:warehouse.orders': stepFailure('CONNECTION_LOST') }`. @default none */
  readonly failures?: Readonly<Record<string, Error>>;
  /** What approvals come to, by their names: `{ publish: 'rejected' }`. @default approved */
  readonly approvals?: GivenApprovals;
  /** The project's folder: paths of SQL files count from it, and functions are found there. @default the current one */
  readonly directory?: string;
}

/**
 * Runs a pipeline over rows in memory, without a server and without its systems. The function is the real one, and so are the
 * steps, by the code of a worker: contracts judge, transforms compute. Sources have the rows that the test gives, and what is
 * loaded is kept for the test to look at.
 *
 * A step is tried once. What a pipeline takes from Temporal itself (timers, signals) is not there.
 *
 * @example
 * const result = await testPipeline(project, flightDelays, { params: { month: '2001-01' }, datasets: { flights: [{ … }] } });
 * expect(result.loaded('warehouse.delays', 'Delay')).toEqual([{ … }]);
 * @throws TerminalError PIPELINE_UNKNOWN, PARAMETERS_INVALID before anything runs; whatever fails later is `result.error`
 */
export async function testPipeline<P extends Project, Params, Result>(
  project: P,
  pipeline: Pipeline<Params, Result>,
  options: PipelineTestOptions<Params> = {},
): Promise<PipelineTest<P, Result>> {
  const body = bodyOf(pipeline);
  if (!body) {
    throw new TerminalError('PIPELINE_UNKNOWN', 'What was given to testPipeline is no pipeline: give what pipeline() has made.');
  }
  const { pipelineName: name } = pipeline;
  const { params, partition } = admissible(project.pipelines, name, options.params);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-testing-'));
  try {
    const context: RunContext = {
      pipeline: name,
      workflowId: `${name}/test`,
      runId: 'test',
      loadScope: `${name}/test/test/0`,
      ...(partition !== undefined && { partition }),
    };
    return (await runIn(folder, { project, options, context, params, body })) as PipelineTest<P, Result>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Task {
  readonly project: Project;
  readonly options: PipelineTestOptions;
  readonly context: RunContext;
  readonly params: Readonly<Record<string, unknown>>;
  readonly body: NonNullable<ReturnType<typeof bodyOf>>;
}

async function runIn(folder: string, { project, options, context, params, body }: Task): Promise<PipelineTest> {
  const { datasets = {}, watermarks = {}, failures = {}, approvals = {}, directory = process.cwd() } = options;
  const loaded = placed(project, path.resolve(directory), folder);
  const connections = new GivenConnections(project, { datasets, watermarks }, path.join(folder, 'given'));
  await mkdir(path.join(folder, 'given'));
  const staging = openStaging(loaded.staging, loaded.engine.spillDirectory);
  const catalog = await openCatalog(loaded.catalog);
  const log: TestedLogLine[] = [];
  const state = new RunState(context.pipeline);
  const activities = createActivities({
    project: loaded,
    connect: async (name) => {
      if (!Object.hasOwn(project.connections, name)) throw unknownConnection(name, Object.keys(project.connections));
      return connections.open(name);
    },
    catalog,
    log: { write: ({ level, message }) => void log.push({ level, message }), close: () => Promise.resolve() },
    staging,
    leftWorks: openLeftWorks(),
    checkpoint: () => Promise.resolve(),
    workerIdentity: 'test',
    code: { hash: 'test', version: millraceVersion() },
  });
  const steps = new TestSteps(context, state, activities, failures, approvals);
  try {
    const run = createRun(context, params, { steps, log: logInto(log) });
    const outcome = await attempt(() => body(run, params, steps));
    await steps.settle();
    const made = await readOutcome({ project, staging, steps, loads: connections.loads }, loaded.engine);
    return new PipelineTest({ ...outcome, ...made, steps: state.view().steps, log });
  } finally {
    await catalog.close();
    await staging.close();
  }
}

async function attempt(
  work: () => Promise<unknown>,
): Promise<{ readonly value: unknown; readonly error: TestedError | undefined }> {
  try {
    return { value: await work(), error: undefined };
  } catch (thrown) {
    const failure = asRunFailure(needsTemporal(thrown) ?? thrown);
    return { value: undefined, error: { code: codeOf(failure), message: failure.message, cause: thrown } };
  }
}

/** What Temporal's library says when it is called outside a workflow. */
function needsTemporal(thrown: unknown): TerminalError | undefined {
  if (!(thrown instanceof Error) || thrown.name !== 'IllegalStateError') return undefined;
  return new TerminalError(
    'TEST_UNSUPPORTED',
    `The pipeline calls Temporal's own library, which works in a workflow only: ${thrown.message} Test what is around it, or run it against a server.`,
    {},
    { cause: thrown },
  );
}

function logInto(log: TestedLogLine[]) {
  const write =
    (level: TestedLogLine['level']) =>
    (message: string, facts?: TestedLogLine['facts']): void =>
      void log.push({ level, message, ...(facts && { facts }) });
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** The project with everything that it writes in a folder of the test's own. */
function placed(config: Project, directory: string, folder: string): LoadedProject {
  const { staging, engine } = config;
  const extensions = engine?.extensionsDirectory;
  return {
    directory,
    root: directory,
    configPath: findConfigFile(directory) ?? path.join(directory, 'millrace.config.ts'),
    config,
    pipelines: config.pipelines,
    taskQueue: 'test',
    warnings: [],
    staging: { root: path.join(folder, 'staging'), ...(staging?.maxBytes !== undefined && { maxBytes: staging.maxBytes }) },
    archive: false,
    retention: undefined,
    engine: {
      memoryLimit: '500MB',
      threads: 1,
      spillDirectory: path.join(folder, 'spill'),
      ...(typeof extensions === 'string' && { extensionsDirectory: path.resolve(directory, extensions) }),
    },
    catalog: { path: path.join(folder, 'catalog.db') },
    heartbeatTimeout: '15s',
    worker: { steps: 1, cachedRuns: 1, grace: '1s' },
  };
}
