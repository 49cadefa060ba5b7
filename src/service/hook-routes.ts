import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HOOK_HEADERS, HOOKS, MOST_HOOK_BYTES } from '../api/index.js';
import { MillraceError } from '../core/errors.js';
import type { OperationServices } from '../operations/context.js';
import { deliverWebhook } from '../operations/deliver-webhook.js';
import { routeOf } from './operation-routes.js';
import { rateLimit, type RateLimit } from './rate-limit.js';

/** Deliveries that one address may send with a wrong signature: each is written to the audit. */
const WRONG_SIGNATURES = { perSecond: 1, burst: 20 };

/** The route by which others start pipelines, with a signature in the place of a token. */
export function addHooks(app: FastifyInstance, services: OperationServices, limit: RateLimit): void {
  const wrong = rateLimit(WRONG_SIGNATURES);
  const { method, path, status } = HOOKS.deliverWebhook;
  void app.register(async (scope) => {
    // What was signed are the bytes, so nothing may read them before.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.route({
      method: method.toUpperCase(),
      url: routeOf(path),
      bodyLimit: MOST_HOOK_BYTES,
      handler: async (request, reply) => {
        const from = request.ip;
        limit.take(`hooks from ${from}`);
        wrong.check(from);
        const { pipeline = '' } = request.params as { readonly pipeline?: string };
        try {
          const taken = await deliverWebhook(services, { from, requestId: request.id }, pipeline, deliveryOf(request));
          return await reply.code(status).send(taken);
        } catch (error) {
          if (error instanceof MillraceError && !error.retryable) wrong.take(from);
          throw error;
        }
      },
    });
  });
}

function deliveryOf({ headers, body }: FastifyRequest) {
  const of = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    id: of(HOOK_HEADERS.id),
    timestamp: of(HOOK_HEADERS.timestamp),
    signature: of(HOOK_HEADERS.signature),
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  };
}
