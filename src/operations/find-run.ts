import type { AlertRow } from '../catalog/index.js';
import type { ResultOf } from '../api/index.js';
import type { RunRow } from '../catalog/index.js';
import { TerminalError } from '../core/errors.js';
import type { RunDescription } from '../temporal/describe-run.js';
import { formatRunAddress, type RunAddress } from '../temporal/run-id.js';
import { requireScope, type OperationContext } from './context.js';
import { withQueuedSteps } from './queued-steps.js';
import { runView } from './run-view.js';
import { unpolledQueues, withUnpolled } from './unpolled-queues.js';

type RunResource = ResultOf<'getRun'>;

/**
 * A run: its state from Temporal, its detail from the catalog. Either may be missing.
 * @throws TerminalError RUN_UNKNOWN when neither knows it, FORBIDDEN when the caller has nothing to do with its pipeline
 */
export async function findRun(context: OperationContext, address: RunAddress): Promise<RunResource> {
  const { catalog, states } = context;
  const description = await states.describe(address);
  const row = await catalog.findRun(address.workflowId, description?.runId ?? address.runId);
  // The namespace may have workflows that are not ours.
  const isOurs =
    row !== undefined || (description !== undefined && Object.hasOwn(context.project.pipelines, description.pipeline));
  if (!isOurs) {
    const nobody = states.offline ? `The catalog ${catalog.name} knows no run` : 'Neither Temporal nor the catalog knows a run';
    throw new TerminalError('RUN_UNKNOWN', `${nobody} ${formatRunAddress(address)}. List runs with \`millrace runs\`.`);
  }
  requireScope(context, row?.pipeline ?? description?.pipeline ?? null);
  const known = row
    ? {
        steps: await catalog.listSteps(row.workflowId, row.runId),
        schemaChanges: await catalog.listSchemaChanges(row.workflowId, row.runId),
        checks: await catalog.listCheckResults(row.workflowId, row.runId),
        auditOverrides: await catalog.listAuditOverrides(row.workflowId, row.runId),
        decisions: await catalog.listDecisions(row.workflowId, row.runId),
        approvals: await catalog.listApprovalsOf(row),
      }
    : { steps: [], schemaChanges: [], checks: [], auditOverrides: [], decisions: [], approvals: [] };
  const truth = description && { description, outcome: await outcomeFor(context, description) };
  const worker = description && isOpen(description) ? await states.hasWorker(description.taskQueue, description.pinnedTo) : null;
  const unpolled = await unpolledQueues(states, description);
  const told = runView(row, known, truth);
  const view = { ...told, steps: withUnpolled(told.steps, description?.pending ?? [], unpolled) };
  const alerts = view.runId === '' ? [] : await catalog.listAlerts({ runId: view.runId, limit: MOST_ALERTS });
  const isForgotten = !description && !states.offline && view.status === 'running';
  const archive = row ? await archiveOf(context, row) : null;
  const historyEvents = view.historyEvents ?? archive?.events ?? null;
  return resource({
    ...view,
    steps: await withQueuedSteps(context, view),
    ...(isForgotten && { status: 'forgotten', durationMs: null }),
    historyEvents,
    archive,
    worker,
    unpolled,
    alerts: alerts.map(alertOfRun),
  });
}

/** Alerts of one run that its view tells. */
const MOST_ALERTS = 20;

function alertOfRun({ key, kind, severity, title, at }: AlertRow): RunResource['alerts'][number] {
  return { key, kind, severity, title, at };
}

async function archiveOf({ catalog }: OperationContext, { workflowId, runId }: RunRow): Promise<RunResource['archive']> {
  const found = await catalog.findArchive({ workflowId, runId });
  if (!found) return null;
  const { state, at, events, bytes } = found;
  return { state, at, events, bytes };
}

function isOpen({ state }: RunDescription): boolean {
  return state === 'running' || state === 'paused';
}

// How it ended, where Temporal still has that; it waits for nothing.
async function outcomeFor({ states }: OperationContext, description: RunDescription) {
  return isOpen(description) ? undefined : states.outcome(description);
}

// Readonly arrays and rows as the schema has them.
function resource(view: object): RunResource {
  return structuredClone(view) as RunResource;
}
