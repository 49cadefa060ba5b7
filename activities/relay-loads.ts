import { Context } from '@temporalio/activity';
import { triggerSettings } from '../src/config/trigger-settings.js';
import type { Destination, LedgerLoad } from '../src/connectors/contract.js';
import { MillraceError } from '../src/core/errors.js';
import { scrub } from '../src/core/secrets.js';
import { relayMark, removedMark, triggerId, type DatasetEvent } from '../src/core/trigger.js';
import type { TemporalClient } from '../src/temporal/connect.js';
import { lastStartOf, reviveTrigger, tellTrigger, type TriggerPlace } from '../src/temporal/triggers.js';
import { toFailure } from './failure.js';
import type { Services } from './services.js';
import { eventsOf } from './tell-triggers.js';
import { ownTemporal } from './temporal-client.js';

export interface RelayLoadsInput {
  readonly connection: string;
  /** ISO: of the first look. */
  readonly since: string;
}

/** Where the last look has got, and the loads it found: the next one may find them again. */
interface Mark {
  readonly cursor: string;
  readonly loads: readonly string[];
}

/** Events that one signal brings. */
const TOLD_AT_ONCE = 500;

/**
 * One look into the ledger of a connection: every load since the last one is told to the triggers that wait for it. How far it
 * has got is noted only then, so that a look that is cut off is done again.
 */
export function makeRelayLoads(services: Services) {
  return async ({ connection, since }: RelayLoadsInput): Promise<number> => {
    const { catalog, project, connect } = services;
    const secrets: string[] = [];
    try {
      const name = relayMark(project.taskQueue, connection);
      const stored = await catalog.readTriggerMark(name);
      const before = stored === undefined ? undefined : (JSON.parse(stored) as Mark);
      const connector = await connect(connection);
      secrets.push(...connector.secrets);
      try {
        const { destination } = connector;
        const found = await destination?.recentLoads?.({ cursor: before?.cursor ?? null, since });
        if (!destination || !found) return 0;
        const known = new Set(before?.loads);
        const fresh = found.loads.filter((load) => !known.has(nameOf(load)));
        await tellAll(services, destination, fresh);
        if (fresh.length > 0 || found.cursor !== before?.cursor) {
          await catalog.writeTriggerMark(
            name,
            JSON.stringify({ cursor: found.cursor, loads: found.loads.map(nameOf) } satisfies Mark),
          );
        }
        return fresh.length;
      } finally {
        await connector.close();
      }
    } catch (error) {
      await alert(services, connection, error, secrets);
      throw toFailure(error, secrets);
    }
  };
}

async function tellAll(services: Services, destination: Destination, loads: readonly LedgerLoad[]): Promise<void> {
  const { project } = services;
  const heard = new Map<string, DatasetEvent[]>();
  for (const load of loads) {
    for (const [pipeline, events] of eventsOf(project, destination, load)) {
      heard.set(pipeline, [...(heard.get(pipeline) ?? []), ...events]);
    }
  }
  const temporal = ownTemporal(Context.current());
  for (const [pipeline, events] of heard) {
    const config = project.pipelines[pipeline];
    const settings = config && triggerSettings(config);
    if (!settings) continue;
    const place: TriggerPlace = { taskQueue: project.taskQueue, pipeline };
    for (let at = 0; at < events.length; at += TOLD_AT_ONCE) {
      const told = events.slice(at, at + TOLD_AT_ONCE);
      if (await tellTrigger(temporal, place, 'loads', told)) continue;
      if (await wasEndedFromOutside(services, temporal, place)) await reviveTrigger(temporal, place, settings, ['loads', told]);
    }
  }
}

/**
 * Whether a trigger that does not work was applied, and not taken away since. A worker whose config has triggers that nobody has
 * applied, or has them still, lets none begin.
 */
async function wasEndedFromOutside({ catalog }: Services, temporal: TemporalClient, place: TriggerPlace): Promise<boolean> {
  const trigger = triggerId(place.taskQueue, place.pipeline);
  const removed = await catalog.readTriggerMark(removedMark(trigger));
  const since = removed === undefined ? '' : (JSON.parse(removed) as string);
  const startedAt = await lastStartOf(temporal, place);
  if (startedAt !== undefined && startedAt > since) return true;
  // Temporal forgets what has ended.
  const [latest] = await catalog.listTriggerEvaluations({ trigger, limit: 1 });
  return latest !== undefined && latest.at > since;
}

// A ledger that can't be read holds up nothing but this: so it is told, once a day and cause.
async function alert(services: Services, connection: string, error: unknown, secrets: readonly string[]): Promise<void> {
  if (!(error instanceof MillraceError) || error.code === 'CATALOG_UNAVAILABLE') return;
  const at = new Date().toISOString();
  await services.catalog
    .raiseAlert({
      key: `relay ${services.project.taskQueue} ${connection} ${error.code} ${at.slice(0, 10)}`,
      kind: 'trigger',
      severity: 'warning',
      title: `The ledger of connection "${connection}" can't be read`,
      text: `Loads into "${connection}" whose worker died before it could tell of them start nothing until this is mended: ${scrub(error.message, secrets)} [${error.code}]`,
      at,
    })
    .catch(() => false);
}

function nameOf({ loadId, content }: LedgerLoad): string {
  return `${loadId} ${content.slice(0, 16)}`;
}
