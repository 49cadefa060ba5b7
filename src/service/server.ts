import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.js';
import { OPERATIONS, pathFields, type Operation, type OperationId } from '../api/index.js';
import { TerminalError } from '../core/errors.js';
import type { OperationServices } from '../operations/context.js';
import { perform } from '../operations/perform.js';
import { problemOf } from './problem-response.js';

export interface ServiceSettings {
  readonly services: OperationServices;
  /** Who makes a request. @throws TerminalError UNAUTHENTICATED */
  readonly callerOf: (request: FastifyRequest) => Promise<Caller>;
}

/** The largest body: requests name things and never carry data. */
const MAX_BODY_BYTES = 256 * 1024;

/** Makes the service, ready to listen: a route for each operation, and problem documents for whatever goes wrong. */
export function createService({ services, callerOf }: ServiceSettings): FastifyInstance {
  const app = Fastify({ bodyLimit: MAX_BODY_BYTES, genReqId: () => randomUUID(), routerOptions: { maxParamLength: 2000 } });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, `urn:uuid:${request.id}`);
    return reply.code(problem.status).type('application/problem+json').send(problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new TerminalError('ROUTE_UNKNOWN', `There is no ${request.method} ${request.url.split('?')[0]} here.`);
    const problem = problemOf(error, `urn:uuid:${request.id}`);
    return reply.code(problem.status).type('application/problem+json').send(problem);
  });
  for (const [id, operation] of Object.entries(OPERATIONS) as [OperationId, Operation][]) {
    app.route({
      method: operation.method.toUpperCase(),
      url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request, reply) => {
        const caller = await callerOf(request);
        const result = await perform(services, caller, id, inputOf(operation, request));
        return reply.code(operation.status ?? 200).send(result);
      },
    });
  }
  return app;
}

function inputOf(operation: Operation, request: FastifyRequest): unknown {
  const params = request.params as Record<string, string>;
  const path = Object.fromEntries(pathFields(operation).map((name) => [name, params[name]]));
  const rest = operation.method === 'get' || operation.method === 'delete' ? request.query : (request.body ?? {});
  // A field of the path is never one of the body too: the address says what is meant.
  return { ...(rest as object), ...path };
}
