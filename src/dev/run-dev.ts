import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { catalogName, openCatalog, type Catalog } from '../catalog/index.js';
import { projectEnvironment } from '../config/environment.js';
import { inspectProject, type LoadedProject } from '../config/load.js';
import { TransientError } from '../core/errors.js';
import type { RunningService } from '../service/run-service.js';
import { type RunningWorker } from '../worker/index.js';
import { errorsOf, problemLine, refuseProblems } from '../core/problems.js';
import { preflight, SERVICE_CHECKS, STATIC_CHECKS, type CheckName, type PreflightOptions } from '../preflight/preflight.js';
import { closingStack, type ClosingStack } from './closing-stack.js';
import { takeDevFolder } from './dev-folder.js';
import { jsonOutput, textOutput, type DevOutput, type StartedPart } from './dev-output.js';
import { providePostgres, type DevPostgres } from './dev-postgres.js';
import { provideTemporal, type DevTemporal } from './dev-temporal.js';
import { startDevService } from './dev-service.js';
import { DEV_DRAIN_MS, startDevWorker } from './dev-worker.js';
import { followRuns, type RunProgress } from './follow-run.js';
import { hints } from './hints.js';
import { listenForInterruption, type Interruption } from '../worker/interruption.js';
import { plannedRuns, type PlannedRun } from './planned-runs.js';
import { runFacts, type RunFacts } from './run-facts.js';
import { duration } from './text-format.js';
import type { ServerProcess } from './server-process.js';

export interface DevOptions {
  /** The project's folder. */
  readonly directory: string;
  /** End after the runs, instead of staying up until Ctrl-C. */
  readonly once: boolean;
  /** One JSON object a line on stdout, for programs. */
  readonly json: boolean;
  /** Ports that were asked for; without, the usual ones or the next free ones. */
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly postgresPort?: number;
  readonly servicePort?: number;
}

interface Session {
  readonly project: LoadedProject;
  readonly plan: readonly PlannedRun[];
  readonly temporal: DevTemporal;
  readonly postgres: DevPostgres;
  readonly worker: RunningWorker;
  readonly service: RunningService;
  readonly output: DevOutput;
  readonly interruption: Interruption;
  readonly stack: ClosingStack;
}

/**
 * Boots what a project needs, runs what its config lists under `dev.runs`, tells what came of it, and stays up until it
 * is interrupted. Whatever happens, all that it started is stopped when this returns or throws.
 *
 * The exit code: with `once`, 0 when every run completed and 1 otherwise; 130 when it was interrupted during the runs; 0
 * when it was interrupted after them. The process should exit with it at once: a worker whose steps don't end in 5 s is
 * left behind, and those steps go on at the next start.
 *
 * @throws MillraceError whatever keeps it from starting or breaks later: CONFIG_INVALID, TOOL_MISSING, PORT_BUSY,
 * TEMPORAL_UNREACHABLE …
 */
export async function runDev(options: DevOptions): Promise<number> {
  const output = options.json ? jsonOutput(process.stdout, process.stderr) : textOutput(process.stdout);
  const stack = closingStack();
  const interruption = listenForInterruption(() =>
    output.notice(`Stopping what was started: steps at work have ${DEV_DRAIN_MS / 1000} s to finish. Once more stops at once.`),
  );
  try {
    return await boot(options, output, stack, interruption);
  } catch (error) {
    if (interruption.signal.aborted) return 130;
    throw error;
  } finally {
    await stack.closeAll();
    interruption.dispose();
    // What can't be interrupted, such as bundling, must not hold the process. The exit code is the one set by then.
    if (interruption.signal.aborted) setTimeout(() => process.exit(), 500).unref();
  }
}

async function boot(options: DevOptions, output: DevOutput, stack: ClosingStack, interruption: Interruption): Promise<number> {
  const inspected = await inspectProject(options.directory);
  const { project } = inspected;
  const notice = (line: string): void => output.notice(line);
  const variables = project?.config.dev?.postgres ?? [];
  const look = lookAt({ directory: options.directory, inspected, provided: variables }, notice);
  if (!project || errorsOf(inspected.problems).length > 0) return look(STATIC_CHECKS).then(() => 2);
  const plan = plannedRuns({ ...project.config, pipelines: project.pipelines });
  const folder = takeDevFolder(project.root);
  stack.add(() => folder.release());
  const shared = { folder: folder.path, notice };
  project.warnings.forEach(notice);
  // The checks take as long as the servers' start: they go on beside it, and what they find ends it.
  const checked = look(STATIC_CHECKS);
  const starting = both(
    provideTemporal({ ...shared, port: options.temporalPort, uiPort: options.uiPort }),
    providePostgres({ ...shared, variables, environment: projectEnvironment(project.root), port: options.postgresPort }),
    stack,
  );
  for (const each of [checked, starting]) each.catch(() => undefined);
  stack.add(() => Promise.race([starting.catch(() => undefined), sleep(STARTING_LIMIT_MS, undefined, { ref: false })]));
  await Promise.race([Promise.all([checked, starting]), interruption.happened]);
  if (interruption.signal.aborted) return 130;
  const [bundle, [temporal, postgres]] = await Promise.all([checked, starting]);
  await look(SERVICE_CHECKS);
  const worker = await startDevWorker(project, bundle as WorkflowBundleOption, temporal.client, folder.path);
  stack.add(() => worker.stop());
  const service = await startDevService({ project, address: temporal.client.address, port: options.servicePort, notice });
  stack.add(() => service.stop());
  if (interruption.signal.aborted) return 130;
  return work({ project, plan, temporal, postgres, worker, service, output, interruption, stack }, options.once);
}

/** How long servers that are still starting are waited for, to be stopped in order, when something else has failed. */
const STARTING_LIMIT_MS = 5_000;

/** Does some checks of the project: gives the bundle if that was among them, tells warnings, throws errors all at once. */
function lookAt(project: Omit<PreflightOptions, 'checks'>, notice: (line: string) => void) {
  return async (checks: readonly CheckName[]): Promise<WorkflowBundleOption | undefined> => {
    const begun = Date.now();
    const { problems, bundle } = await preflight({ ...project, checks });
    refuseProblems(problems, project.directory);
    for (const problem of problems) notice(`Warning: ${problemLine(problem)}`);
    notice(`Checked ${checks.join(', ')} (${duration(Date.now() - begun)})`);
    return bundle;
  };
}

/** Waits for both, so that neither is left running when the other can't be started. */
async function both<A extends Stoppable, B extends Stoppable>(
  first: Promise<A>,
  second: Promise<B>,
  stack: ClosingStack,
): Promise<[A, B]> {
  const settled = await Promise.allSettled([first, second]);
  for (const each of settled) if (each.status === 'fulfilled') stack.add(() => each.value.stop());
  return [await first, await second];
}
interface Stoppable {
  stop(): Promise<void>;
}

async function work(session: Session, once: boolean): Promise<number> {
  const { project, plan, temporal, postgres, worker, output, interruption, stack } = session;
  const catalog = await openCatalog(project.catalog);
  stack.add(() => catalog.close());
  output.ready(startedParts(session), plan);
  const broken = Promise.race([
    lossOf('The Temporal server', temporal.process),
    lossOf('PostgreSQL', postgres.process),
    worker.done.then(() =>
      Promise.reject(new TransientError('INTERRUPTED', 'The worker stopped by itself. Start `millrace dev` again.')),
    ),
  ]);
  broken.catch(() => undefined);

  const { taskQueue } = project;
  const following = followRuns(plan, project.config.dev?.concurrency ?? 2, {
    temporal: temporal.client,
    catalog,
    taskQueue,
    onProgress: (progress) => output.progress(progress),
    signal: interruption.signal,
  });
  following.catch(() => undefined);
  const outcome = await Promise.race([following, interruption.happened, broken]);
  if (outcome === 'interrupted') return 130;
  output.summary(await Promise.all(outcome.map((progress) => factsOf(progress, catalog))));
  if (once) return outcome.every((run) => run.status === 'completed') ? 0 : 1;
  const { databases } = session.postgres;
  const commands = hints({ plan, temporal, databases, taskQueue, serviceUrl: session.service.url });
  output.hints(startedParts(session), commands, project.root);
  output.notice('Everything stays up until Ctrl-C.');
  await Promise.race([interruption.happened, broken]);
  return 0;
}

async function factsOf(progress: RunProgress, catalog: Catalog): Promise<RunFacts> {
  const { run, runId } = progress;
  const quarantine = runId === null ? [] : await catalog.listQuarantine(run.workflowId, runId).catch(() => []);
  return runFacts(progress, quarantine);
}

async function lossOf(name: string, server: ServerProcess | null): Promise<never> {
  if (!server) return new Promise<never>(() => undefined);
  const how = await server.ended;
  throw new TransientError(
    'INTERRUPTED',
    `${name} ${how}. Its last words:\n${server.lastLines(15) || '(none)'}\nStart \`millrace dev\` again.`,
  );
}

function startedParts({ project, temporal, postgres, service }: Session): StartedPart[] {
  return [
    { name: 'Temporal', address: temporal.client.address },
    ...(temporal.uiUrl
      ? [{ name: 'Temporal web UI', address: `${temporal.uiUrl}/namespaces/${temporal.client.namespace}/workflows` }]
      : []),
    { name: 'Client service', address: service.url },
    ...postgres.databases.map(({ variable, url }) => ({ name: variable, address: url })),
    { name: 'Catalog', address: catalogName(project.catalog) },
    { name: 'Task queue', address: project.taskQueue },
  ];
}
