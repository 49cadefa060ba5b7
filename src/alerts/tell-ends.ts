import { ALERT_KEYS, type Catalog, type UntoldBackfill, type UntoldFailure, type UntoldRejects } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import type { Alert } from '../core/alerts.js';

/** How far back is looked: what nobody watched for longer is not told any more. */
export const LOOK_BACK_MS = 7 * 86_400_000;
const AT_ONCE = 500;

export interface EndsSettings {
  readonly catalog: Catalog;
  readonly project: LoadedProject;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly lookBackMs: number;
}

/** Raises alerts for what the catalog knows to have happened since somebody first watched, and nobody was told of. */
export async function tellEnds({ catalog, project, now, lookBackMs }: EndsSettings): Promise<void> {
  const began = await catalog.watchedSince('ends', new Date(now).toISOString());
  const since = [began, new Date(now - lookBackMs).toISOString()].toSorted().at(-1) ?? began;
  for (const failure of await catalog.listUntoldFailures(since, AT_ONCE)) {
    await catalog.raiseAlert(failure.error?.code === 'RUN_REPLACED' ? replacedAlert(failure) : failureAlert(failure));
  }
  for (const bound of rejectsBounds(project)) {
    for (const rejects of await catalog.listUntoldRejects(since, bound, AT_ONCE)) {
      await catalog.raiseAlert(rejectsAlert(rejects, bound.share));
    }
  }
  for (const ended of await catalog.listUntoldBackfills(since, AT_ONCE)) await tellBackfill(catalog, ended);
}

/** The bound of all pipelines, and those of pipelines that have their own. */
function rejectsBounds({ config }: LoadedProject) {
  const own = Object.entries(config.pipelines).flatMap(([name, { alerts }]) =>
    alerts?.rejects === undefined ? [] : [{ share: alerts.rejects, pipelines: [name] }],
  );
  const { rejects: share } = config.alerts ?? {};
  return [...(share === undefined ? [] : [{ share, except: own.flatMap(({ pipelines }) => pipelines) }]), ...own];
}

const WORDS: Readonly<Record<string, string>> = {
  failed: 'failed',
  terminated: 'was terminated',
  'timed out': 'timed out',
  forgotten: 'ended, and nobody knows how',
};

function failureAlert({ workflowId, runId, pipeline, partition, owner, status, finishedAt, error }: UntoldFailure): Alert {
  const name = runName(pipeline, partition, workflowId);
  const why = error ? `${error.message.replace(/ \[[A-Z_]+\]$/, '')} [${error.code}]` : 'Nobody has told why.';
  const run = `${workflowId}@${runId}`;
  return {
    key: `${ALERT_KEYS.failure}${runId}`,
    kind: 'run failed',
    severity: 'critical',
    title: `${name} ${WORDS[status] ?? status}`,
    text: [
      why,
      '',
      `Run: ${run}, ended at ${finishedAt}.`,
      ...(owner === null ? [] : [`Owner: ${owner}.`]),
      `Look at it with \`millrace show ${run}\`; when its cause is gone, go on from where it failed with \`millrace retry ${run}\`.`,
    ].join('\n'),
    ...about({ pipeline, partition, workflowId, runId }),
    at: finishedAt,
    details: { status, code: error?.code ?? null },
  };
}

/** Somebody wanted it so: worth knowing, since the run had not come to its end, and nothing to do about. */
function replacedAlert({ workflowId, runId, pipeline, partition, owner, finishedAt, error }: UntoldFailure): Alert {
  return {
    key: `${ALERT_KEYS.replaced}${runId}`,
    kind: 'run replaced',
    severity: 'info',
    title: `${runName(pipeline, partition, workflowId)} was replaced by a later run`,
    text: [
      error?.message ?? '',
      '',
      `Run: ${workflowId}@${runId}, ended at ${finishedAt}.`,
      ...(owner === null ? [] : [`Owner: ${owner}.`]),
      `If that happens often, runs take longer than the time between their starts: see \`onConflict\` and the schedule's \`overlap\`.`,
    ].join('\n'),
    ...about({ pipeline, partition, workflowId, runId }),
    at: finishedAt,
    details: { status: 'terminated', code: error?.code ?? null },
  };
}

function rejectsAlert(told: UntoldRejects, bound: number): Alert {
  const { workflowId, runId, pipeline, partition, step, finishedAt, rowsRead, rejected } = told;
  return {
    key: `${ALERT_KEYS.rejects}${runId}/${step}`,
    kind: 'rejects',
    severity: 'warning',
    title: `${runName(pipeline, partition, workflowId)} rejected ${percent(rejected / rowsRead)} of its rows`,
    text: [
      `${step} rejected ${rejected} of ${rowsRead} rows; more than ${percent(bound)} is an alert.`,
      '',
      `Run: ${workflowId}@${runId}, at ${finishedAt}.`,
      `Look at the rows, and why, with \`millrace quarantine ${workflowId}@${runId}\`.`,
    ].join('\n'),
    ...about({ pipeline, partition, workflowId, runId }),
    at: finishedAt,
    details: { step, rowsRead, rejected, bound },
  };
}

async function tellBackfill(catalog: Catalog, { backfill, finishedAt }: UntoldBackfill): Promise<void> {
  const found = await catalog.findBackfill(backfill);
  if (!found) return;
  const { request, counts, status, error } = found;
  const { completed, failed, cancelled, waiting } = counts;
  const undone = failed + cancelled + waiting;
  const outcome = status === 'completed' && undone === 0 ? 'is done' : `ended with ${undone} of its partitions not done`;
  await catalog.raiseAlert({
    key: `${ALERT_KEYS.backfill}${backfill}/${finishedAt}`,
    kind: 'backfill done',
    severity: undone === 0 ? 'info' : 'warning',
    title: `The backfill of ${request.pipeline} from ${request.from} to ${request.to} ${outcome}`,
    text: [
      `${completed} partitions completed, ${failed} failed, ${cancelled} were cancelled, ${waiting} were not begun.`,
      ...(error ? [error.message] : []),
      '',
      `Asked for by ${request.by}; ended at ${finishedAt}.`,
      `Look at it with \`millrace backfills show ${backfill}\`${undone === 0 ? '.' : `; try again what is not done with \`millrace backfills retry ${backfill}\`.`}`,
    ].join('\n'),
    pipeline: request.pipeline,
    workflowId: backfill,
    at: finishedAt,
    details: { ...counts },
  });
}

function runName(pipeline: string | null, partition: string | null, workflowId: string): string {
  if (pipeline === null) return workflowId;
  return partition === null ? pipeline : `${pipeline} ${partition}`;
}

interface About {
  readonly pipeline: string | null;
  readonly partition: string | null;
  readonly workflowId: string;
  readonly runId: string;
}

function about({ pipeline, partition, workflowId, runId }: About): Partial<Alert> {
  return { ...(pipeline !== null && { pipeline }), ...(partition !== null && { partition }), workflowId, runId };
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
