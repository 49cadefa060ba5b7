import type { Catalog, EndedRun, SloStateRow } from '../../catalog/index.js';
import type { Alert } from '../../core/alerts.js';
import type { PromisedSpan } from './promises.js';
import { AT_RISK, iso, spanText, type Verdict } from './verdict.js';

export interface FreshnessFacts {
  readonly catalog: Pick<Catalog, 'lastFresh' | 'firstCompleted' | 'listRuns'>;
  readonly before: SloStateRow | undefined;
  readonly watchedSince: string;
  readonly now: number;
  readonly hasCompleted: (run: Pick<EndedRun, 'workflowId' | 'runId'>) => Promise<boolean>;
}

/** Pipelines that have brought nothing for too long; of one that never has, the time counts since somebody watches. */
export async function judgeFreshness(promised: PromisedSpan, facts: FreshnessFacts): Promise<Verdict> {
  const { catalog, before, watchedSince, now } = facts;
  const { pipeline, boundMs } = promised;
  const last = await catalog.lastFresh(pipeline);
  const alerts = before ? await staleMeanwhile(promised, facts, last) : [];
  const base = last ?? watchedSince;
  const due = Date.parse(base) + boundMs;
  const stale = now > due && !(await isFreshUnseen(pipeline, facts));
  if (stale) alerts.push(staleAlert(promised, last, base, now));
  return {
    state: stale ? 'breached' : now > Date.parse(base) + boundMs * AT_RISK ? 'at risk' : 'ok',
    ...(stale && { breachedAt: iso(due) }),
    subject: null,
    lastAt: last,
    nextAt: iso(due),
    alerts,
  };
}

/** Something came since the last look, and too late: told, unless that was told while it lasted. */
async function staleMeanwhile(promised: PromisedSpan, facts: FreshnessFacts, last: string | null): Promise<Alert[]> {
  const { pipeline, bound, boundMs } = promised;
  const base = facts.before?.lastAt ?? facts.watchedSince;
  if (last === null || last <= base || Date.parse(last) - Date.parse(base) <= boundMs) return [];
  const first = await facts.catalog.firstCompleted({ pipeline, finishedAfter: base });
  const until = first && first.finishedAt < last ? first.finishedAt : last;
  if (Date.parse(until) - Date.parse(base) <= boundMs) return [];
  return [
    {
      key: keyOf(pipeline, base),
      kind: 'slo',
      severity: 'warning',
      title: `${pipeline} brought nothing for longer than ${bound}`,
      text: `From ${base} to ${until} no run of it completed: for ${spanText(Date.parse(until) - Date.parse(base))}. Nobody was told meanwhile.`,
      pipeline,
      ...(first && { workflowId: first.workflowId, runId: first.runId }),
      at: iso(Date.parse(base) + boundMs),
      details: { slo: 'freshness', bound, from: base, until, unfinished: false },
    },
  ];
}

/** The catalog may not have heard of an end yet. */
async function isFreshUnseen(pipeline: string, { catalog, hasCompleted }: FreshnessFacts): Promise<boolean> {
  for (const run of await catalog.listRuns({ pipeline, statuses: ['running'], limit: 20 }))
    if (await hasCompleted(run)) return true;
  return false;
}

function staleAlert({ pipeline, bound, boundMs }: PromisedSpan, last: string | null, base: string, now: number): Alert {
  const what =
    last === null
      ? `No run of it has completed since it is watched, from ${base} on`
      : `A run of it last completed, or loaded rows, at ${last}`;
  return {
    key: keyOf(pipeline, base),
    kind: 'slo',
    severity: 'critical',
    title: `${pipeline} has brought nothing for ${bound}`,
    text: `${what}: ${spanText(now - Date.parse(base))} ago.\n\nLook at its runs with \`millrace runs --pipeline ${pipeline}\`.`,
    pipeline,
    at: iso(Date.parse(base) + boundMs),
    details: { slo: 'freshness', bound, last, unfinished: true },
  };
}

function keyOf(pipeline: string, base: string): string {
  return `slo/freshness/${pipeline}/${base}`;
}
