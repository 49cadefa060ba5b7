import type { Migration } from 'kysely';
import { initial } from './0001-initial.js';
import { runLog } from './0002-run-log.js';
import { reconciler } from './0003-reconciler.js';
import { ranges } from './0004-ranges.js';
import { schemaChanges } from './0005-schema-changes.js';
import { checks } from './0006-checks.js';
import { replays } from './0007-replays.js';
import { access } from './0008-access.js';
import { runFacts } from './0009-run-facts.js';
import { schedules } from './0010-schedules.js';
import { backfills } from './0011-backfills.js';
import { alerts } from './0012-alerts.js';
import { alertDeliveries } from './0013-alert-deliveries.js';
import { approvals } from './0014-approvals.js';
import { pools } from './0016-pools.js';
import { triggers } from './0015-triggers.js';
import { archive } from './0018-archive.js';
import { scheduleHorizons } from './0019-schedule-horizons.js';

/** Every migration by name; they run in the order of their names, and a released one never changes. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-run-log': runLog,
  '0003-reconciler': reconciler,
  '0004-ranges': ranges,
  '0005-schema-changes': schemaChanges,
  '0006-checks': checks,
  '0007-replays': replays,
  '0008-access': access,
  '0009-run-facts': runFacts,
  '0010-schedules': schedules,
  '0011-backfills': backfills,
  '0012-alerts': alerts,
  '0013-alert-deliveries': alertDeliveries,
  '0014-approvals': approvals,
  '0016-pools': pools,
  '0015-triggers': triggers,
  '0018-archive': archive,
  '0019-schedule-horizons': scheduleHorizons,
};
