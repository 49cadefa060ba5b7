import type { TemporalClient } from './connect.js';
import { describeRun, type DeploymentVersion } from './describe-run.js';
import { answered } from './service-errors.js';

/** An open run that only workers of one version may go on with. */
export interface PinnedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly pipeline: string;
  readonly version: string;
  readonly startedAt: string;
}

/** How many runs are told of by name. */
const MOST = 20;

/** How many workflows of a queue are open on a version, or on none (`null`): by one visibility request, a moment late. */
export async function countOpen(temporal: TemporalClient, taskQueue: string, version: DeploymentVersion | null): Promise<number> {
  const { client, namespace } = temporal;
  const which = version === null ? `${VERSION} IS NULL` : `${VERSION} = ${quoted(searched(version))}`;
  const query = `${openOn(taskQueue)} AND ${which}`;
  const { count } = await answered(temporal, 'runs', () => client.workflowService.countWorkflowExecutions({ namespace, query }));
  return Number(count ?? 0);
}

/** The open runs that are pinned to another version than those given, the first of them by name: by one visibility request. */
export async function findStranded(
  temporal: TemporalClient,
  taskQueue: string,
  alive: readonly DeploymentVersion[],
): Promise<readonly PinnedRun[]> {
  const { client, namespace } = temporal;
  const others = alive.map((version) => ` AND ${VERSION} != ${quoted(searched(version))}`);
  const query = `${openOn(taskQueue)} AND TemporalWorkflowVersioningBehavior = 'Pinned'${others.join('')}`;
  const { executions } = await answered(temporal, 'runs', () =>
    client.workflowService.listWorkflowExecutions({ namespace, query, pageSize: MOST }),
  );
  const found = await Promise.all((executions ?? []).map(({ execution }) => pinnedRun(temporal, execution ?? {})));
  return found.filter((run) => run !== undefined);
}

/** A list tells the version that a run began with, and not always the one that it was moved to. */
async function pinnedRun(
  temporal: TemporalClient,
  { workflowId, runId }: { readonly workflowId?: string | null; readonly runId?: string | null },
): Promise<PinnedRun | undefined> {
  const run = { workflowId: workflowId ?? '', runId: runId ?? '' };
  const { pipeline, pinnedTo, startedAt } = await describeRun(temporal, run);
  return pinnedTo ? { ...run, pipeline, version: pinnedTo.buildId, startedAt } : undefined;
}

const VERSION = 'TemporalWorkerDeploymentVersion';

function openOn(taskQueue: string): string {
  return `TaskQueue = ${quoted(taskQueue)} AND ExecutionStatus = 'Running'`;
}

/** As visibility has it. */
function searched({ deployment, buildId }: DeploymentVersion): string {
  return `${deployment}:${buildId}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
