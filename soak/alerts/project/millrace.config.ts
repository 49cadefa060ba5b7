import { contract, defineProject, env, files, webhook } from 'millrace/config';
import { z } from 'zod';

const Order = contract(z.object({ id: z.int(), amount: z.int() }));
const params = z.object({});
/** Whom a message comes from, so that just this one can be killed. */
const headers = { 'x-process': `${process.pid}` };

/** Pipelines that give reason to tell people, and channels that take it now and then, or never. */
export default defineProject({
  connections: { lake: files({ root: env('SOAK_LAKE') }) },
  contracts: { Order },
  transforms: {},
  pipelines: {
    fails: { params },
    hangs: { params, slo: { finishWithin: '1 second' } },
    rejects: { params, alerts: { rejects: 0.1 } },
  },
  alerts: {
    channels: {
      ops: webhook({ url: env('SOAK_OPS'), secret: env('SOAK_SECRET'), headers }),
      pager: webhook({ url: env('SOAK_PAGER'), headers }),
      refusing: webhook({ url: env('SOAK_REFUSING') }),
      broken: webhook({ url: env('SOAK_BROKEN') }),
    },
    mostPerHour: 10_000,
  },
  steps: { heartbeatTimeout: '5s' },
  archive: false,
});
