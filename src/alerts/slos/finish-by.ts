import type { Catalog, EndedRun } from '../../catalog/index.js';
import type { Alert } from '../../core/alerts.js';
import { expectedDays, type ExpectedDay } from './expected-days.js';
import type { PromisedTime } from './promises.js';
import { AT_RISK, iso, spanText, type Verdict } from './verdict.js';

const DAY_MS = 86_400_000;
/** What was not done in so many days is no longer waited for. */
const LONGEST_MS = 7 * DAY_MS;

export interface FinishByFacts {
  readonly catalog: Pick<Catalog, 'firstCompleted' | 'listRuns'>;
  readonly watchedSince: string;
  readonly now: number;
  /** Whether a run that the catalog has as running has completed, as Temporal knows. */
  readonly hasCompleted: (run: Pick<EndedRun, 'workflowId' | 'runId'>) => Promise<boolean>;
  /** Deadlines that need no further look. */
  readonly settled: Set<string>;
}

/** Days whose run has not completed by its time: also those that never began. */
export async function judgeFinishBy(promised: PromisedTime, facts: FinishByFacts): Promise<Verdict> {
  const { now, watchedSince } = facts;
  const from = new Date(Math.max(Date.parse(watchedSince), now - LONGEST_MS));
  const alerts: Alert[] = [];
  const missing: ExpectedDay[] = [];
  let lastAt: string | null = null;
  for (const day of expectedDays(promised, from, new Date(now))) {
    const key = keyOf(promised, day);
    if (facts.settled.has(key)) continue;
    const done = await completedRun(promised, day, facts);
    if (done) lastAt = done.finishedAt;
    if (!done && (await isDoneUnseen(promised, day, facts))) continue;
    const inTime = done && done.finishedAt <= iso(day.deadline);
    if (!inTime) alerts.push(done ? lateAlert(promised, day, done) : await missingAlert(promised, day, facts));
    if (done) facts.settled.add(key);
    else missing.push(day);
  }
  const next = expectedDays(promised, new Date(now), new Date(now + 32 * DAY_MS))[0];
  const soon = next && !(await completedRun(promised, next, facts)) ? next : undefined;
  const [first] = missing;
  return {
    state: first ? 'breached' : soon && isAtRisk(soon, now) ? 'at risk' : 'ok',
    ...(first && { breachedAt: iso(first.deadline) }),
    subject: (first ?? soon ?? next)?.subject ?? null,
    lastAt,
    nextAt: next ? iso(next.deadline) : null,
    alerts,
  };
}

function completedRun({ pipeline }: PromisedTime, day: ExpectedDay, { catalog }: FinishByFacts): Promise<EndedRun | undefined> {
  const { partition, since } = day;
  return catalog.firstCompleted({ pipeline, ...(partition !== undefined && { partition }), startedSince: iso(since) });
}

/** The catalog may not have heard of an end yet: then Temporal is asked, and the catalog hears of it soon. */
async function isDoneUnseen(
  { pipeline }: PromisedTime,
  day: ExpectedDay,
  { catalog, hasCompleted }: FinishByFacts,
): Promise<boolean> {
  const { partition, since } = day;
  const filter = { pipeline, ...(partition !== undefined && { partition }), statuses: ['running'], since: iso(since), limit: 20 };
  for (const run of await catalog.listRuns(filter)) if (await hasCompleted(run)) return true;
  return false;
}

function isAtRisk({ from, deadline }: ExpectedDay, now: number): boolean {
  return now > from.getTime() + (deadline.getTime() - from.getTime()) * AT_RISK;
}

async function missingAlert(promised: PromisedTime, day: ExpectedDay, { catalog, now }: FinishByFacts): Promise<Alert> {
  const { pipeline, bound } = promised;
  const { partition, since, deadline, subject } = day;
  const filter = { pipeline, ...(partition !== undefined && { partition }), since: iso(since), limit: 1 };
  const [latest] = await catalog.listRuns(filter);
  const run = latest && `${latest.workflowId}@${latest.runId}`;
  const stands = run
    ? `Its latest run, ${run}, is ${latest.status}. Look at it with \`millrace show ${run}\`.`
    : `No run of it has begun. See why with \`millrace schedules missed ${pipeline}\`, and whether a worker runs with \`millrace health\`.`;
  return {
    ...alertOf(promised, day),
    severity: 'critical',
    title: `${pipeline} ${subject} was not done by ${bound}`,
    text: `It was to be done by ${iso(deadline)}, which was ${spanText(now - deadline.getTime())} ago.\n${stands}`,
    ...(latest && { workflowId: latest.workflowId, runId: latest.runId }),
    details: { slo: 'finishBy', bound, deadline: iso(deadline), unfinished: true },
  };
}

function lateAlert(promised: PromisedTime, day: ExpectedDay, done: EndedRun): Alert {
  const { pipeline, bound } = promised;
  const { deadline, subject } = day;
  const { workflowId, runId, finishedAt } = done;
  return {
    ...alertOf(promised, day),
    severity: 'warning',
    title: `${pipeline} ${subject} was done later than ${bound}`,
    text: `It was to be done by ${iso(deadline)}. The run ${workflowId}@${runId} completed at ${finishedAt}, ${spanText(Date.parse(finishedAt) - deadline.getTime())} later. Nobody was told meanwhile.`,
    workflowId,
    runId,
    details: { slo: 'finishBy', bound, deadline: iso(deadline), finishedAt, unfinished: false },
  };
}

function alertOf(promised: PromisedTime, day: ExpectedDay): Pick<Alert, 'key' | 'kind' | 'pipeline' | 'partition' | 'at'> {
  const { partition, deadline } = day;
  return {
    key: keyOf(promised, day),
    kind: 'slo',
    pipeline: promised.pipeline,
    ...(partition !== undefined && { partition }),
    at: iso(deadline),
  };
}

/** The deadline is in it, since a partition that is under way has one each day. */
function keyOf({ pipeline }: PromisedTime, { subject, deadline }: ExpectedDay): string {
  return `slo/finishBy/${pipeline}/${subject}/${iso(deadline)}`;
}
