import type { InputOf, ResultOf } from '../api/index.js';
import type { BUILT_IN_PIPELINES } from '../config/built-in-pipelines.js';
import type { Project } from '../config/project.js';
import type { ParamsInput, Pipeline } from '../../workflows/types.js';
import { callService, type CallOptions } from './http.js';
import { resources, type IsOptional, type Resource, type Resources } from './resources.js';
import { runHandle, type RunDetails, type RunHandle } from './run-handle.js';
import type { Service } from './send.js';
import { checkAddress } from './service-address.js';

/** The pipelines of a project, and those that every project has. */
type PipelinesOf<P extends Project> = P['pipelines'] & typeof BUILT_IN_PIPELINES;
type NameOf<P extends Project> = Extract<keyof PipelinesOf<P>, string>;
type ParamsFor<P extends Project, N extends NameOf<P>> = ParamsInput<P & { readonly pipelines: PipelinesOf<P> }, N>;

/** What the runs of a pipeline give, as the project's workflows say. */
type ResultFor<Workflows, N> = N extends keyof Workflows
  ? Workflows[N] extends Pipeline<never, infer Result>
    ? Result
    : unknown
  : unknown;

export interface StartOptions extends CallOptions {
  /** The workflow id. @default the pipeline with its partition, or an id of its own */
  readonly id?: string;
  /**
   * Starts with the same key are one run, whenever they are made.
   * @default a new one for each call, so that a start can be repeated when its answer was lost
   */
  readonly idempotencyKey?: string;
}

export interface Runs<P extends Project, Workflows> extends Omit<Resource<'runs'>, 'start' | 'get'> {
  /**
   * Starts a run of a pipeline; where its partition is running already, what comes of it is the pipeline's `onConflict`.
   *
   * @throws TerminalError PIPELINE_UNKNOWN, PARAMETERS_INVALID, RUN_ALREADY_RUNNING
   */
  start<N extends NameOf<P>>(
    pipeline: N,
    ...rest: IsOptional<ParamsFor<P, N>> extends true
      ? [params?: ParamsFor<P, N>, options?: StartOptions]
      : [params: ParamsFor<P, N>, options?: StartOptions]
  ): Promise<StartedRun<ResultFor<Workflows, N>>>;
  /** A run as it is now. @param run a workflow id, for its latest run, or `id@runId` for one execution */
  get(run: string, options?: CallOptions): Promise<RunDetails>;
  /** A run that was started elsewhere, or earlier. Asks nothing. @param run as for `get` */
  handle<Result = unknown>(run: string): RunHandle<Result>;
}

/** A run that was just started. */
export interface StartedRun<Result = unknown> extends RunHandle<Result> {
  readonly runId: string;
  /** False where the run was there before: a repeated call, or the policy `reuse`. */
  readonly started: boolean;
  /** Whether a worker takes its tasks: without one it waits. */
  readonly worker: boolean;
}

/** A client service, as its callers see it. */
export interface Millrace<P extends Project = Project, Workflows = unknown> extends Omit<Resources, 'runs'> {
  readonly runs: Runs<P, Workflows>;
  /** Whether Temporal, the catalog and a worker are there. */
  health(options?: CallOptions): Promise<ResultOf<'getHealth'>>;
}

/**
 * Makes a client of a service; it sends nothing yet. Given the type of the project, names of pipelines and their parameters
 * are checked by the compiler; given that of its workflows too, so is what runs return.
 *
 * @example const millrace = connect<typeof project, typeof workflows>({ url: 'http://127.0.0.1:8300' });
 * @throws TerminalError SERVICE_ADDRESS_INVALID
 */
export function connect<P extends Project = Project, Workflows = unknown>(service: Service): Millrace<P, Workflows> {
  checkAddress(service);
  const all = resources(service);
  return {
    ...all,
    runs: { ...all.runs, ...runsOf<P, Workflows>(service) },
    health: (options) => callService(service, 'getHealth', {}, options),
  };
}

function runsOf<P extends Project, Workflows>(service: Service): Pick<Runs<P, Workflows>, 'start' | 'get' | 'handle'> {
  const start = async (pipeline: string, params: InputOf<'startRun'>['params'] = {}, options: StartOptions = {}) => {
    const { id, idempotencyKey = crypto.randomUUID(), signal } = options;
    const answer = await callService(service, 'startRun', { pipeline, params, id, idempotencyKey }, { signal });
    const { runId, started, worker } = answer;
    return { ...runHandle(service, answer), runId, started, worker };
  };
  return {
    start: start as unknown as Runs<P, Workflows>['start'],
    get: (run, options) => callService(service, 'getRun', { run }, options),
    handle: (run) => runHandle(service, addressOf(run)),
  };
}

const EXECUTION = /^(.+)@([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

function addressOf(run: string): { readonly workflowId: string; readonly runId?: string | undefined } {
  const [, workflowId = run, runId] = EXECUTION.exec(run) ?? [];
  return { workflowId, runId };
}
