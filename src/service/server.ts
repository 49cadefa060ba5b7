import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { MillraceError } from '../core/errors.js';
import type { OperationServices } from '../operations/context.js';
import type { Admit, Authentication } from './authentication.js';
import { refuseConnection } from './client-errors.js';
import { addEvents } from './event-routes.js';
import { translated } from './framework-errors.js';
import { addHooks } from './hook-routes.js';
import { addOperations } from './operation-routes.js';
import { addProbes } from './probes.js';
import { addOpenApi } from './openapi/routes.js';
import { sendProblem } from './problem-response.js';
import { rateLimit, type Rate } from './rate-limit.js';
import { answerUnknownRoutes } from './unknown-route.js';

export interface ServiceSettings {
  readonly services: OperationServices;
  readonly authentication: Authentication;
  readonly rate: Rate;
  /** Addresses or networks of proxies whose word on where a call came from counts. */
  readonly proxies: readonly string[];
  /** Is told of errors that nobody expected. */
  readonly onUnexpected: (error: unknown, instance: string) => void;
}

/** The largest body: requests name things and never carry data. */
const MAX_BODY_BYTES = 256 * 1024;
/** The longest part of a path, as it is written: a run's id in percents. */
const MAX_PARAM_LENGTH = 4_000;
/** How long a request may take to arrive, and its answer to be made. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Makes the service, ready to listen: a route for each operation, and problem documents for whatever goes wrong. */
export function createService(settings: ServiceSettings): FastifyInstance {
  const { services, authentication, rate, proxies, onUnexpected } = settings;
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    handlerTimeout: REQUEST_TIMEOUT_MS,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    trustProxy: proxies.length > 0 && [...proxies],
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, translated(error)),
  });
  app.setErrorHandler((error, request, reply) => {
    const told = translated(error);
    if (!(told instanceof MillraceError)) onUnexpected(error, `urn:uuid:${request.id}`);
    return sendProblem(reply, told);
  });
  app.addHook('onRequest', async (_request, reply) => {
    void reply.headers({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
  });
  const limit = rateLimit(rate);
  const admit: Admit = async (request, isPublic = false) => {
    const caller = await authentication.callerOf(request, isPublic);
    limit.take(caller.kind === 'anonymous' ? `from ${request.ip}` : `${caller.kind} ${caller.id ?? ''} ${caller.name}`);
    return caller;
  };
  readJsonOnly(app);
  answerUnknownRoutes(app);
  addOperations(app, services, admit);
  addEvents(app, { services, admit, recall: (request) => authentication.callerOf(request, false) });
  addHooks(app, services, limit);
  addProbes(app, services);
  addOpenApi(app);
  return app;
}

/** JSON is read, and an empty body is none: clients name the type also where they send nothing. */
function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}
