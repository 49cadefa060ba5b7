import type { Catalog, EndedRun, SloStateRow } from '../../catalog/index.js';
import type { Alert } from '../../core/alerts.js';
import type { RunningRun } from '../../temporal/list-running.js';
import type { PromisedSpan } from './promises.js';
import { AT_RISK, iso, spanText, type Verdict } from './verdict.js';

/** Runs that ended since and are looked at in one go. */
const MOST_ENDED = 5_000;

export interface FinishWithinFacts {
  readonly catalog: Pick<Catalog, 'listRunsEndedSince' | 'findRun'>;
  /** Runs of the pipeline that run, as far as they have run for long; absent where Temporal can't be asked. */
  readonly running: readonly RunningRun[] | undefined;
  readonly before: SloStateRow | undefined;
  readonly watchedSince: string;
  readonly endedSince: string;
  readonly now: number;
}

/** Runs that take longer than they may, and those that were found to have done so. */
export async function judgeFinishWithin(promised: PromisedSpan, facts: FinishWithinFacts): Promise<Verdict> {
  const { catalog, running, before, now } = facts;
  const since = [facts.watchedSince, facts.endedSince].toSorted().at(-1) ?? facts.watchedSince;
  const ended = await catalog.listRunsEndedSince(promised.pipeline, since, MOST_ENDED);
  const late = ended.filter((run) => Date.parse(run.finishedAt) - Date.parse(run.startedAt) > promised.boundMs);
  const alerts: Alert[] = late.map((run) => lateAlert(promised, run));
  const lastAt = ended.findLast(({ status }) => status === 'completed')?.finishedAt ?? before?.lastAt ?? null;
  // What nobody can see stands as it was seen last.
  if (!running) return { state: before?.state ?? 'ok', ...kept(before), lastAt, alerts };
  const oldest = running.toSorted((one, other) => one.startedAt.localeCompare(other.startedAt))[0];
  const overdue = running.filter(({ startedAt }) => now - Date.parse(startedAt) > promised.boundMs);
  for (const run of overdue) alerts.push(await overdueAlert(promised, run, facts));
  if (!oldest) return { state: 'ok', subject: null, lastAt, nextAt: null, alerts };
  const due = Date.parse(oldest.startedAt) + promised.boundMs;
  const atRisk = now - Date.parse(oldest.startedAt) > promised.boundMs * AT_RISK;
  return {
    state: overdue.length > 0 ? 'breached' : atRisk ? 'at risk' : 'ok',
    ...(overdue.length > 0 && { breachedAt: iso(due) }),
    subject: `${oldest.workflowId}@${oldest.runId}`,
    lastAt,
    nextAt: iso(due),
    alerts,
  };
}

function kept(before: SloStateRow | undefined): Pick<Verdict, 'breachedAt' | 'subject' | 'nextAt'> {
  const { state, since, subject = null, nextAt = null } = before ?? {};
  return { ...(state === 'breached' && since !== undefined && { breachedAt: since }), subject, nextAt };
}

async function overdueAlert(
  { pipeline, bound, boundMs }: PromisedSpan,
  run: RunningRun,
  facts: FinishWithinFacts,
): Promise<Alert> {
  const { workflowId, runId, startedAt } = run;
  const known = await facts.catalog.findRun(workflowId, runId);
  const partition = known?.partition ?? undefined;
  const name = partition === undefined ? pipeline : `${pipeline} ${partition}`;
  return {
    key: keyOf(pipeline, runId),
    kind: 'slo',
    severity: 'critical',
    title: `${name} has not finished within ${bound}`,
    text: [
      `The run ${workflowId}@${runId} started at ${startedAt}, and runs for ${spanText(facts.now - Date.parse(startedAt))} now.`,
      ...(known ? [] : ['No worker has taken it yet.']),
      '',
      `Look at what it does with \`millrace show ${workflowId}\`.`,
    ].join('\n'),
    pipeline,
    ...(partition !== undefined && { partition }),
    workflowId,
    runId,
    at: iso(Date.parse(startedAt) + boundMs),
    details: { slo: 'finishWithin', bound, startedAt, unfinished: true },
  };
}

function lateAlert({ pipeline, bound, boundMs }: PromisedSpan, run: EndedRun): Alert {
  const { workflowId, runId, partition, startedAt, finishedAt, status } = run;
  const took = Date.parse(finishedAt) - Date.parse(startedAt);
  return {
    key: keyOf(pipeline, runId),
    kind: 'slo',
    severity: 'warning',
    title: `${partition === null ? pipeline : `${pipeline} ${partition}`} took longer than ${bound}`,
    text: `The run ${workflowId}@${runId} took ${spanText(took)}: from ${startedAt} to ${finishedAt}, when it was ${status}. Nobody was told while it ran.`,
    pipeline,
    ...(partition !== null && { partition }),
    workflowId,
    runId,
    at: iso(Date.parse(startedAt) + boundMs),
    details: { slo: 'finishWithin', bound, startedAt, finishedAt, unfinished: false },
  };
}

function keyOf(pipeline: string, runId: string): string {
  return `slo/finishWithin/${pipeline}/${runId}`;
}
