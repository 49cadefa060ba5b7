import { z } from 'zod';
import { operation } from '../operation.js';

export const SERVICE_OPERATIONS = {
  getHealth: operation({
    method: 'get',
    path: '/v1/health',
    tag: 'service',
    role: 'viewer',
    summary: 'Tells whether Temporal, the catalog and a worker are there.',
    input: z.object({}),
    result: z.object({
      version: z.string(),
      temporal: z.object({ ok: z.boolean(), address: z.string(), namespace: z.string() }),
      catalog: z.object({ ok: z.boolean() }),
      worker: z.object({ ok: z.boolean(), taskQueue: z.string() }),
    }),
  }),
} as const;
