import { z } from 'zod';
import { operation } from '../operation.js';
import { listOf } from '../schemas/lists.js';
import { freedSlot, pool, poolName, poolSummary } from '../schemas/pools.js';

export const POOL_OPERATIONS = {
  listPools: operation({
    method: 'get',
    path: '/v1/pools',
    tag: 'pools',
    role: 'viewer',
    summary: 'Lists the pools: how many slots each has, how many are taken, and how many steps wait.',
    input: z.object({}),
    result: listOf(poolSummary),
  }),
  getPool: operation({
    method: 'get',
    path: '/v1/pools/{pool}',
    tag: 'pools',
    role: 'viewer',
    summary: 'Shows one pool: who holds its slots, and who waits for them.',
    input: z.object({ pool: poolName }),
    result: pool,
    errors: ['POOL_UNKNOWN'],
  }),
  freeSlot: operation({
    method: 'post',
    path: '/v1/pools/{pool}/free',
    tag: 'pools',
    role: 'admin',
    summary: 'Frees a slot whose run has closed; with `force` also one whose run is open.',
    input: z.object({
      pool: poolName,
      slot: z.string().min(1).max(1100).describe('The slot’s token, or the id of the run that holds it.'),
      reason: z.string().trim().min(1).max(1000),
      force: z
        .boolean()
        .default(false)
        .describe('Also where the run is open: its step may be at work still, and then more are than the pool allows.'),
    }),
    result: freedSlot,
    status: 202,
    errors: ['POOL_UNKNOWN', 'SLOT_UNKNOWN', 'SLOT_IN_USE'],
  }),
} as const;
