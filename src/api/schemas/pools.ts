import { z } from 'zod';
import { time } from './lists.js';

const count = z.int().min(0);

/** A pool's name, as the config has it. */
export const poolName = z.string().min(1).max(60);

const slot = z.object({
  token: z.string().describe('What names this slot, or this request.'),
  workflowId: z.string(),
  runId: z.string(),
  pipeline: z.string(),
  step: z.string().describe('The step; two with a + between them share an activity, and a slot.'),
  weight: z.int().min(1).describe('How many slots it takes.'),
  priority: z.int().describe('1 goes first.'),
  askedAt: time.describe('Since when it waits, or did.'),
});

export const heldSlot = slot
  .extend({
    since: time,
    freeAt: time.nullable().describe('When it is free again at the latest: its run has closed, or its step has timed out.'),
  })
  .meta({ id: 'HeldSlot' });

export const queuedSlot = slot
  .extend({ position: z.int().min(1).describe('Its place in the queue, from 1.') })
  .meta({ id: 'QueuedSlot' });

export const poolSummary = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    slots: count.describe('How many it gives out: as it last heard, which is with the latest request.'),
    configured: count.nullable().describe('How many the config says; null for a pool that the config has no more.'),
    used: count,
    waiting: count.describe('Steps that wait.'),
    asOf: time.nullable().describe('When this was so; null for a pool that nobody has used.'),
  })
  .meta({ id: 'PoolSummary' });

export const pool = poolSummary
  .extend({
    from: z
      .enum(['pool', 'catalog'])
      .describe('Who says so: the pool itself, or, where that did not answer within a second, what it last told the catalog.'),
    held: z.array(heldSlot).describe('Slots that are taken, of pipelines that the caller has to do with.'),
    queued: z.array(queuedSlot).describe('Steps that wait, of these pipelines: from the first 200.'),
  })
  .meta({ id: 'Pool' });

export const freedSlot = slot
  .pick({ token: true, workflowId: true, runId: true, step: true, weight: true })
  .extend({ pool: z.string(), forced: z.boolean().describe('Whether the run was open.') })
  .meta({ id: 'FreedSlot' });
