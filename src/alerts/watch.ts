import { randomBytes } from 'node:crypto';
import type { Catalog } from '../catalog/index.js';
import { projectEnvironment } from '../config/environment.js';
import type { LoadedProject } from '../config/load.js';
import { joinLease } from '../recurring/lease.js';
import { repeat, type Repeated } from '../recurring/repeat.js';
import { tellTroublesOnce, type RecurringLog } from '../recurring/troubles.js';
import type { TemporalClient } from '../temporal/connect.js';
import { openLane, type Lane, type LaneEnds, type LaneSettings } from './lane.js';
import { routeAlerts } from './route-alerts.js';
import type { Clock } from './settings.js';
import { watchSlos, type SloMemory } from './slos/watch-slos.js';
import { LOOK_BACK_MS, tellEnds } from './tell-ends.js';

/** Pause between two looks. */
const INTERVAL_MS = 5_000;
/** How long a lease stands still before another takes it. */
const PATIENCE_MS = 25_000;
/** How far back is looked each time, and how often as far as is ever looked. */
const NEAR_MS = 3_600_000;
const FAR_EVERY_MS = 600_000;
/** How long an attempt under way may go on when it is told to stop. */
const LAST_SENDS_MS = 2_000;

/** How the watch keeps time. */
export interface AlertPace {
  /** @default 5000 */
  readonly intervalMs?: number;
  /** @default 25000 */
  readonly patienceMs?: number;
  /** @default the clock of this machine */
  readonly now?: Clock;
}

export interface AlertWatchSettings extends AlertPace {
  readonly catalog: Catalog;
  readonly project: LoadedProject;
  readonly temporal: TemporalClient;
  readonly log: RecurringLog;
  /** @default nothing happens there */
  readonly checkpoint?: LaneSettings['checkpoint'];
}

/**
 * Watches what happens to a project's runs and what its pipelines promise, and brings alerts to their channels. Workers and
 * services do so, and of those that share a catalog and a task queue one at a time. While catalog or Temporal are down it does
 * what it can without. It stops within some seconds, and lets another watch at once.
 */
export function startAlertWatch(settings: AlertWatchSettings): Repeated {
  const { catalog, project, temporal, log, intervalMs = INTERVAL_MS, patienceMs = PATIENCE_MS, now = Date.now } = settings;
  const stopped = new AbortController();
  const cutShort = new AbortController();
  const lease = joinLease(catalog, `alerts/${project.taskQueue}`, randomBytes(8).toString('hex'), patienceMs);
  const tell = tellTroublesOnce(log);
  const lanes = openLanes(settings, { stopped: stopped.signal, cutShort: cutShort.signal });
  const lookBack = rarelyFar();
  const memory: SloMemory = { told: new Set(), settled: new Set() };

  async function look(): Promise<void> {
    let held = false;
    await tell('Alerts can be neither found nor sent for now', async () => void (held = await lease.hold()));
    if (!held) return;
    const lookBackMs = lookBack(now());
    await tell('What happened to runs cannot be told for now', () => tellEnds({ catalog, project, now: now(), lookBackMs }));
    await tell('What pipelines promise cannot be watched for now', () =>
      watchSlos({ catalog, project, temporal, memory, now: now(), lookBackMs }),
    );
    await tell('Alerts cannot be brought on their way for now', () => routeAlerts(catalog, project, now()));
    lanes.runAll();
  }

  async function end(): Promise<void> {
    const impatience = setTimeout(() => cutShort.abort(), LAST_SENDS_MS);
    await lanes.idle();
    clearTimeout(impatience);
    await lease.release();
  }

  return repeat(look, { intervalMs, stopped, atEnd: end });
}

/** What is told late, as of a run that was found to have ended hours ago, is looked for now and then; the rest each time. */
function rarelyFar(): (now: number) => number {
  let lookedFar = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now - lookedFar < FAR_EVERY_MS) return NEAR_MS;
    lookedFar = now;
    return LOOK_BACK_MS;
  };
}

function openLanes(settings: AlertWatchSettings, ends: LaneEnds) {
  const { catalog, project, log, now = Date.now, checkpoint = () => Promise.resolve() } = settings;
  const laneSettings = { catalog, log, now, checkpoint, environment: projectEnvironment(project.root), root: project.root };
  const lanes = new Map<string, Lane>();
  const running = new Set<Promise<void>>();
  return {
    runAll(): void {
      for (const [name, config] of Object.entries(project.config.alerts?.channels ?? {})) {
        const lane = lanes.get(name) ?? openLane(name, laneSettings, ends);
        lanes.set(name, lane);
        const run = lane.run(config);
        running.add(run);
        void run.finally(() => running.delete(run));
      }
    },
    idle: () => Promise.all(running),
  };
}
