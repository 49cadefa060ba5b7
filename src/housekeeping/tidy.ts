import type { Sweep, Swept } from '../core/retention.js';
import type { SweepContext, Tidied } from './sweep-context.js';
import { sweepArchive } from './sweep-archive.js';
import { sweepAudit } from './sweep-audit.js';
import { sweepCatalog } from './sweep-catalog.js';
import { sweepLogs } from './sweep-logs.js';
import { sweepStaging } from './sweep-staging.js';

const WORK: Readonly<Record<Sweep, (context: SweepContext) => Promise<Tidied>>> = {
  staging: sweepStaging,
  logs: sweepLogs,
  archive: sweepArchive,
  catalog: sweepCatalog,
  audit: sweepAudit,
};

/**
 * Removes what is older than the retention of its kind says, in small batches; what has no retention is left alone. Interrupted
 * and done again, it goes on with what is left.
 */
export async function tidy(context: SweepContext, sweep: Sweep): Promise<Swept> {
  return { sweep, dryRun: context.dryRun, ...(await WORK[sweep](context)) };
}
