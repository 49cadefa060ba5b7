import type { Catalog } from '../catalog/index.js';
import { TerminalError } from '../core/errors.js';
import { partitionAt } from '../core/partition-at.js';
import type { Partitioning } from '../core/partitions.js';
import { LONGEST_RUN_MS, MISSED_SPAN_MS, type ScheduleTick } from '../core/schedule.js';
import type { TemporalClient } from '../temporal/connect.js';
import { matchingTimes, type TemporalSchedule } from '../temporal/schedules.js';
import { nominalTime } from './nominal-time.js';
import { whyNotStarted, type MissedTime } from './why-missed.js';

export interface MissedRequest {
  readonly pipeline: string;
  readonly partition: Partitioning | undefined;
  readonly there: TemporalSchedule;
  /** @default the last 30 days, of which all is kept, and not before the schedule was made */
  readonly from?: Date;
  /** @default now; what lies behind it is never missed */
  readonly to?: Date;
}

/** Times of one answer of the server's, at most. */
const SERVER_PAGE = 1_000;
/** Beyond this nobody reads the list. */
const MOST_TIMES = 10_000;

/**
 * The times that a schedule names by its settings of today and for which nothing was started, each with why. A run that
 * failed was started; a partition that was run since in another way is not missed either.
 *
 * @throws TerminalError SCHEDULE_RANGE
 */
export async function findMissed(temporal: TemporalClient, catalog: Catalog, request: MissedRequest): Promise<MissedTime[]> {
  const { pipeline, partition: partitioning, there } = request;
  const now = Date.now();
  const from = request.from ?? new Date(Math.max(Date.parse(there.createdAt), now - MISSED_SPAN_MS));
  const to = new Date(Math.min(request.to?.getTime() ?? now, now));
  if (request.to && request.from && request.to <= request.from) {
    throw new TerminalError('SCHEDULE_RANGE', 'There is no time between `from` and `to`: `from` has to be the earlier one.');
  }
  await requireKnown(catalog, there.id, from);
  if (from >= to) return [];
  const times = await timesBetween(temporal, there, from, to);
  const before = new Date(from.getTime() - LONGEST_RUN_MS).toISOString();
  const ticks = await catalog.listTicks({ schedule: there.id, from: before, until: to.toISOString() });
  const pauses = await catalog.listSchedulePauses(there.id);
  const latest = latestByTime(ticks);
  const missed: MissedTime[] = [];
  for (const time of times) {
    const tick = latest.get(time.toISOString());
    if (tick?.outcome === 'started' || tick?.outcome === 'reused') continue;
    const { timezone, partitionOf } = there.settings;
    const partition = partitioning ? partitionAt(partitioning, time, timezone, partitionOf ?? 'previous') : null;
    if (partition !== null && (await wasRunSince(catalog, pipeline, partition, time))) continue;
    const waiting = missed.findLast(({ why }) => why === 'waiting')?.scheduledAt;
    missed.push({ partition, ...(await whyNotStarted(temporal, { there, time, tick, ticks, pauses, waiting })) });
  }
  return missed;
}

/** What is kept no longer would look as if it had been missed, and be started again. */
async function requireKnown(catalog: Catalog, id: string, from: Date): Promise<void> {
  const until = await catalog.scheduleForgottenUntil(id);
  if (until === null || from.toISOString() > until) return;
  const known = new Date(Date.parse(until) + 1).toISOString();
  throw new TerminalError(
    'SCHEDULE_RANGE',
    `What the times of the schedule ${id} up to ${until} came to is not kept any more (\`retention.catalog\`), so nobody can tell which of them were missed. Look from ${known} on; to run what is older, start a backfill.`,
  );
}

async function timesBetween(temporal: TemporalClient, { id, settings }: TemporalSchedule, from: Date, to: Date): Promise<Date[]> {
  const found = new Map<number, Date>();
  const last = new Date(to.getTime() + settings.jitterMs);
  // The server leaves out the moment from which it looks.
  for (let after = new Date(from.getTime() - 1); ;) {
    const page = await matchingTimes(temporal, id, after, last);
    for (const start of page) {
      const time = nominalTime(start, settings);
      if (time >= from && time < to) found.set(time.getTime(), time);
    }
    if (found.size > MOST_TIMES) {
      throw new TerminalError(
        'SCHEDULE_RANGE',
        `The schedule ${id} has more than ${MOST_TIMES} times from ${from.toISOString()} to ${to.toISOString()}. Look at a shorter range.`,
      );
    }
    const end = page.at(-1);
    if (page.length < SERVER_PAGE || !end || end <= after) break;
    after = end;
  }
  return [...found.values()].toSorted((a, b) => a.getTime() - b.getTime());
}

/** Of each time the decision that counts: one that started something, or else the latest. */
function latestByTime(ticks: readonly ScheduleTick[]): ReadonlyMap<string, ScheduleTick> {
  const found = new Map<string, ScheduleTick>();
  for (const tick of ticks) {
    const known = found.get(tick.scheduledAt);
    if (!known || (known.outcome !== 'started' && tick.outcome === 'started')) found.set(tick.scheduledAt, tick);
  }
  return found;
}

async function wasRunSince(catalog: Catalog, pipeline: string, partition: string, time: Date): Promise<boolean> {
  return (await catalog.listRuns({ pipeline, partition, since: time.toISOString(), limit: 1 })).length > 0;
}
