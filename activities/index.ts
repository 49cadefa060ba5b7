import { makeActOnTrigger } from './act-on-trigger.js';
import { makeAdmit } from './admit.js';
import { makeAwaitRun } from './await-run.js';
import { makePlanBackfill, makeRecordBackfill } from './backfill.js';
import { makeCheck } from './check.js';
import { makeDiscover } from './discover.js';
import { makeExtract } from './extract.js';
import { makeLoad } from './load.js';
import { makeOpenApproval } from './open-approval.js';
import { makeAcquireSlot, makeRecoverPool, makeReleaseSlot, makeSweepPool } from './pool.js';
import { makePollTrigger } from './poll-trigger.js';
import { makeQuarantine } from './quarantine.js';
import { makeRecallTrigger } from './recall-trigger.js';
import { makeRelayLoads } from './relay-loads.js';
import { makeMakeRoom, makePlanTick, makeRecordTick } from './scheduled-start.js';
import type { Services } from './services.js';
import { holdingSlot } from './slot-check.js';
import { makeSweep } from './sweep.js';
import { makeTransform } from './transform.js';
import { makeValidate } from './validate.js';
import { makeValidateAndLoad } from './validate-and-load.js';
import { makeWatermark } from './watermark.js';

export type { Services } from './services.js';

/** The activities of a worker. Workflows know them by type alone. */
export function createActivities(services: Services) {
  return {
    admit: makeAdmit(services),
    openApproval: makeOpenApproval(services),
    discover: holdingSlot(makeDiscover(services)),
    watermark: holdingSlot(makeWatermark(services)),
    quarantine: holdingSlot(makeQuarantine(services)),
    extract: holdingSlot(makeExtract(services)),
    validate: holdingSlot(makeValidate(services)),
    transform: holdingSlot(makeTransform(services)),
    check: holdingSlot(makeCheck(services)),
    load: holdingSlot(makeLoad(services)),
    validateAndLoad: holdingSlot(makeValidateAndLoad(services)),
    acquireSlot: makeAcquireSlot(services),
    releaseSlot: makeReleaseSlot(services),
    sweepPool: makeSweepPool(services),
    recoverPool: makeRecoverPool(services),
    sweep: makeSweep(services),
    planBackfill: makePlanBackfill(services),
    recordBackfill: makeRecordBackfill(services),
    awaitRun: makeAwaitRun(services),
    planTick: makePlanTick(services),
    recordTick: makeRecordTick(services),
    makeRoom: makeMakeRoom(),
    recallTrigger: makeRecallTrigger(services),
    pollTrigger: makePollTrigger(services),
    actOnTrigger: makeActOnTrigger(services),
    relayLoads: makeRelayLoads(services),
  };
}

export type Activities = ReturnType<typeof createActivities>;
