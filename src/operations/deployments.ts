import type { ResultOf } from '../api/index.js';
import { requireNoScope } from '../access/caller.js';
import { TerminalError, TransientError } from '../core/errors.js';
import {
  describeDeployment,
  setCurrentVersion,
  setRampingVersion,
  type Change,
  type Deployment,
} from '../temporal/deployments.js';
import { GRPC, grpcCode } from '../temporal/grpc-status.js';
import { noteVersionBefore, versionBefore } from '../temporal/version-notes.js';
import type { Handlers, OperationContext } from './context.js';
import { viewDeployment } from './deployment-view.js';
import { findDeployment, requireStepQueues, requireVersion, workersWithout, type FoundDeployment } from './find-deployment.js';

type DeploymentOperation = 'getDeployment' | 'promoteVersion' | 'rampVersion' | 'rollbackDeployment' | 'unversionDeployment';
type Routing = ResultOf<'promoteVersion'>['before'];

export const deploymentHandlers: Handlers<DeploymentOperation> = {
  async getDeployment({ temporal, project }, { deployment }) {
    return viewDeployment(temporal, project.taskQueue, await findDeployment(temporal, project.taskQueue, deployment));
  },
  promoteVersion: (context, { version, ...asked }) =>
    change(context, asked, async (found) => {
      await requireWorkers(context, found, version);
      return promotion(context, found, version);
    }),
  rampVersion: (context, { version, percent, ...asked }) =>
    change(context, asked, async (found) => {
      if (percent > 0) await requireWorkers(context, found, version);
      return ramping(context, found, version, percent);
    }),
  rollbackDeployment: (context, asked) => change(context, asked, (found) => rollback(context, found)),
  unversionDeployment: (context, asked) => change(context, asked, (found) => withoutVersions(context, found)),
};

/** What is to be done, and what gets new runs then. */
interface Step {
  readonly after: Routing;
  readonly work: (change: Change) => Promise<void>;
}

interface Asked {
  readonly deployment?: string | undefined;
  readonly dryRun: boolean;
}

async function change(
  context: OperationContext,
  { deployment: name, dryRun }: Asked,
  plan: (found: FoundDeployment) => Step | Promise<Step>,
): Promise<ResultOf<'promoteVersion'>> {
  const { temporal, project, caller } = context;
  requireNoScope(caller, 'changing versions of workers, which do the work of all pipelines');
  const found = await findDeployment(temporal, project.taskQueue, name);
  const { deployment } = found;
  const before = routingOf(deployment);
  const { after, work } = await plan(found);
  if (JSON.stringify(after) === JSON.stringify(before)) throw inPlace(deployment);
  const told = { deployment: deployment.name, before, after };
  if (dryRun) return { ...told, applied: false };
  await unlessChanged(deployment.name, () => work({ by: caller.name, token: deployment.token }));
  const now = await describeDeployment(temporal, deployment.name);
  return { ...told, after: now ? routingOf(now) : after, applied: true };
}

function routingOf({ current, ramping: there }: Deployment): Routing {
  return { current, ramping: there && { version: there.buildId, percent: there.percent } };
}

function promotion({ temporal }: OperationContext, { deployment }: FoundDeployment, version: string): Step {
  const { name, current, ramping: there } = deployment;
  const isRamped = there?.buildId === version;
  return {
    after: { current: version, ramping: isRamped ? null : routingOf(deployment).ramping },
    async work(asked) {
      // Noted first: a version that became current and has no note could not be rolled back.
      if (current !== null && current !== version) {
        await noteVersionBefore(temporal, { deployment: name, buildId: version }, current, asked.by);
      }
      await setCurrentVersion(temporal, name, version, asked);
    },
  };
}

function ramping({ temporal }: OperationContext, { deployment }: FoundDeployment, version: string, percent: number): Step {
  const { name, current, ramping: there } = deployment;
  if (percent > 0 && current === version) throw inPlace(deployment);
  // To end the ramp of another version than the one named would be a surprise.
  if (percent === 0 && there?.buildId !== version) throw inPlace(deployment);
  const ramp = percent === 0 ? null : { buildId: version, percent };
  return {
    after: { current, ramping: ramp && { version, percent } },
    work: (asked) => setRampingVersion(temporal, name, ramp, asked),
  };
}

async function requireWorkers({ temporal, project }: OperationContext, found: FoundDeployment, version: string): Promise<void> {
  requireVersion(found, version, project.taskQueue);
  await requireStepQueues(temporal, found, version);
}

async function rollback(context: OperationContext, found: FoundDeployment): Promise<Step> {
  const { temporal } = context;
  const { deployment } = found;
  const { name, current } = deployment;
  if (deployment.ramping) {
    return { after: { current, ramping: null }, work: (asked) => setRampingVersion(temporal, name, null, asked) };
  }
  const before = current === null ? undefined : await versionBefore(temporal, { deployment: name, buildId: current });
  if (before === undefined) {
    throw new TerminalError(
      'ROLLBACK_UNKNOWN',
      `Which version of "${name}" was current before ${current ?? 'workers without a version'} is not known: \`millrace deploy promote\` notes it. Name the version: millrace deploy promote VERSION`,
      { deployment: name },
    );
  }
  await requireWorkers(context, found, before);
  // What was noted with the earlier version stays: a second rollback goes one further back, and not forward again.
  return { after: { current: before, ramping: null }, work: (asked) => setCurrentVersion(temporal, name, before, asked) };
}

async function withoutVersions({ temporal, project }: OperationContext, found: FoundDeployment): Promise<Step> {
  const { name, ramping: there } = found.deployment;
  if (workersWithout(found) === 0) {
    throw new TransientError(
      'VERSION_WITHOUT_WORKER',
      `No worker without a version takes the work of the task queue "${project.taskQueue}": new runs would wait. Start one, which is idle until then: millrace worker`,
      { taskQueue: project.taskQueue },
    );
  }
  await requireStepQueues(temporal, found, null);
  return {
    after: { current: null, ramping: null },
    async work(asked) {
      if (there) await setRampingVersion(temporal, name, null, asked);
      await setCurrentVersion(temporal, name, null, { by: asked.by, ...(there ? {} : { token: asked.token ?? null }) });
    },
  };
}

function inPlace({ name, current, ramping: there }: Deployment): TerminalError {
  const ramp = there ? `, and ${there.buildId} gets ${there.percent} %` : '';
  return new TerminalError(
    'VERSION_IN_PLACE',
    `Nothing is to be done: new runs of "${name}" go to ${current ?? 'workers without a version'}${ramp}.`,
    { deployment: name },
  );
}

async function unlessChanged(deployment: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (grpcCode(error) !== GRPC.failedPrecondition) throw error;
    throw new TransientError(
      'DEPLOYMENT_CHANGED',
      `The worker deployment "${deployment}" was changed by somebody else meanwhile, and so it was left as it is. Look at \`millrace deploy status\`, then ask again.`,
      { deployment },
      { cause: error },
    );
  }
}
