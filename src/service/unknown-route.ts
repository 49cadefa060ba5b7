import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TerminalError } from '../core/errors.js';
import { sendProblem } from './problem-response.js';

/** Those that something here takes. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']);

interface Route {
  readonly methods: readonly string[];
  readonly pattern: RegExp;
}

/**
 * Answers requests that no route takes: with 405 and what is taken, where there is something under that address. Must be
 * called before routes are added.
 */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const routes: Route[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    const escaped = url.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    routes.push({ methods: [method].flat(), pattern: new RegExp(`^${escaped.replaceAll(/:\w+/g, '[^/]+')}$`) });
  });
  // Fastify would first look for a body where a method may have one, and blame that.
  app.addHook('onRequest', async (request, reply) => {
    if (!METHODS.has(request.method)) await answer(routes, request, reply);
  });
  app.setNotFoundHandler((request, reply) => answer(routes, request, reply));
}

function answer(routes: readonly Route[], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?')[0] ?? '';
  const allowed = [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
  if (allowed.length === 0) {
    return sendProblem(reply, new TerminalError('ROUTE_UNKNOWN', `There is no ${request.method} ${path} here.`));
  }
  void reply.header('allow', allowed.join(', '));
  return sendProblem(
    reply,
    new TerminalError('METHOD_UNKNOWN', `${path} takes ${allowed.join(', ')}, and no ${request.method}.`),
  );
}
