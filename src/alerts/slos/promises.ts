import type { SloKind } from '../../catalog/index.js';
import type { LoadedProject } from '../../config/load.js';
import { parseDuration } from '../../core/duration.js';
import type { Partitioning } from '../../core/partitions.js';
import type { ScheduleSettings } from '../../core/schedule.js';
import { settingsOf } from '../../schedules/settings.js';

interface PromiseOf<Kind extends SloKind> {
  readonly pipeline: string;
  readonly slo: Kind;
  /** As people read it: `2 hours`, `06:00 Europe/Berlin`. */
  readonly bound: string;
}

/** That something takes no longer than a span of time. */
export interface PromisedSpan extends PromiseOf<'finishWithin' | 'freshness'> {
  readonly boundMs: number;
}

/** That something is done by a time of day. */
export interface PromisedTime extends PromiseOf<'finishBy'> {
  readonly time: string;
  readonly timezone: string;
  readonly schedule: ScheduleSettings | undefined;
  readonly partition: Partitioning | undefined;
}

/** One thing that a pipeline promises. */
export type Promised = PromisedSpan | PromisedTime;

/** What the pipelines of a project promise, one after another. */
export function promisesOf({ config }: Pick<LoadedProject, 'config'>): Promised[] {
  return Object.entries(config.pipelines).flatMap(([pipeline, described]): Promised[] => {
    const { finishWithin, finishBy, freshness } = described.slo ?? {};
    const schedule = settingsOf(described);
    const timezone = described.slo?.timezone ?? schedule?.timezone ?? 'UTC';
    return [
      ...(finishWithin === undefined ? [] : [spanOf(pipeline, 'finishWithin', finishWithin)]),
      ...(finishBy === undefined
        ? []
        : [
            {
              pipeline,
              slo: 'finishBy' as const,
              bound: `${finishBy} ${timezone}`,
              time: finishBy,
              timezone,
              schedule,
              partition: described.partition,
            },
          ]),
      ...(freshness === undefined ? [] : [spanOf(pipeline, 'freshness', freshness)]),
    ];
  });
}

function spanOf(pipeline: string, slo: 'finishWithin' | 'freshness', bound: string) {
  return { pipeline, slo, bound, boundMs: parseDuration(bound) ?? Number.POSITIVE_INFINITY };
}
