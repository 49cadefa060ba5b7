import { z } from 'zod';
import { operation } from '../operation.js';
import { versionHealth } from '../schemas/deployments.js';

export const SERVICE_OPERATIONS = {
  getHealth: operation({
    method: 'get',
    path: '/v1/health',
    tag: 'service',
    role: 'viewer',
    public: true,
    summary: 'Tells whether Temporal, the catalog and a worker are there; where they are, to those with a token only.',
    input: z.object({}),
    result: z.object({
      ok: z.boolean().describe('Whether runs can be started and go on.'),
      version: z.string().nullable(),
      temporal: z.object({ ok: z.boolean(), address: z.string().nullable(), namespace: z.string().nullable() }),
      catalog: z.object({ ok: z.boolean() }),
      worker: z.object({ ok: z.boolean(), taskQueue: z.string().nullable() }),
      queues: z
        .array(
          z.object({
            taskQueue: z.string(),
            ok: z.boolean().describe('False where steps wait and no worker polls.'),
            waiting: z
              .number()
              .nullable()
              .describe('Steps that wait for a worker, about; null where the server does not count them.'),
            workers: z.array(
              z.object({
                identity: z.string(),
                runs: z.boolean().describe('Whether runs go on there; otherwise it does steps only.'),
                lastSeenAt: z.string(),
              }),
            ),
          }),
        )
        .describe('The task queues that the config names, with who polls them; to those with a token only.'),
      versions: versionHealth.nullable().describe('To those with a token only; null where Temporal does not answer.'),
    }),
  }),
} as const;
