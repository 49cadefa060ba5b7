import { makeAdmit } from './admit.js';
import { makeAwaitRun } from './await-run.js';
import { makePlanBackfill, makeRecordBackfill } from './backfill.js';
import { makeCheck } from './check.js';
import { makeDiscover } from './discover.js';
import { makeExtract } from './extract.js';
import { makeLoad } from './load.js';
import { makeOpenApproval } from './open-approval.js';
import { makeQuarantine } from './quarantine.js';
import { makeMakeRoom, makePlanTick, makeRecordTick } from './scheduled-start.js';
import type { Services } from './services.js';
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
    discover: makeDiscover(services),
    watermark: makeWatermark(services),
    quarantine: makeQuarantine(services),
    extract: makeExtract(services),
    validate: makeValidate(services),
    transform: makeTransform(services),
    check: makeCheck(services),
    load: makeLoad(services),
    validateAndLoad: makeValidateAndLoad(services),
    sweep: makeSweep(services),
    planBackfill: makePlanBackfill(services),
    recordBackfill: makeRecordBackfill(services),
    awaitRun: makeAwaitRun(services),
    planTick: makePlanTick(services),
    recordTick: makeRecordTick(services),
    makeRoom: makeMakeRoom(),
  };
}

export type Activities = ReturnType<typeof createActivities>;
