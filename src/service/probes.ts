import type { FastifyInstance } from 'fastify';
import { lookAround } from '../operations/health.js';
import type { OperationServices } from '../operations/context.js';

/** How long an answer to /readyz counts: anybody may ask, and asking costs them nothing. */
const FRESH_MS = 1_000;

/**
 * What an orchestrator asks, without a token: `/healthz`, whether the process answers, and `/readyz`, whether it can do its
 * work. Without a worker it can: runs wait for one.
 */
export function addProbes(app: FastifyInstance, services: OperationServices): void {
  let last: { readonly at: number; readonly ready: Promise<boolean> } | undefined;
  const isReady = (): Promise<boolean> => {
    if (!last || Date.now() - last.at > FRESH_MS) {
      const ready = lookAround(services).then(({ temporal, catalog }) => temporal && catalog);
      last = { at: Date.now(), ready };
    }
    return last.ready;
  };
  app.get('/healthz', async () => ({ ok: true }));
  app.get('/readyz', async (_request, reply) => {
    const ok = await isReady();
    return reply.code(ok ? 200 : 503).send({ ok });
  });
}
