import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isChange, OPERATIONS, pathFields, type Operation, type OperationId } from '../api/index.js';
import { TerminalError } from '../core/errors.js';
import type { OperationServices } from '../operations/context.js';
import { perform } from '../operations/perform.js';
import type { Admit } from './authentication.js';

/**
 * How long Temporal may take over all that an operation asks of it: less than an answer may take, so that it is told what was
 * waited for.
 */
const LOOK_PATIENCE_MS = 10_000;
const CHANGE_PATIENCE_MS = 25_000;

/** A route for each operation. */
export function addOperations(app: FastifyInstance, services: OperationServices, admit: Admit): void {
  for (const [id, operation] of Object.entries(OPERATIONS) as [OperationId, Operation][]) {
    app.route({
      method: operation.method.toUpperCase(),
      url: routeOf(operation.path),
      handler: async (request, reply) => {
        const caller = await admit(request, operation.public === true);
        const patienceMs = isChange(operation) ? CHANGE_PATIENCE_MS : LOOK_PATIENCE_MS;
        const result = await services.temporal.client.withDeadline(Date.now() + patienceMs, () =>
          perform(services, caller, id, inputOf(operation, request)),
        );
        return reply.code(operation.status ?? 200).send(result);
      },
    });
  }
}

/** A path of the table as Fastify writes it. */
export function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/**
 * What a request asks for: the fields of its path, and of its query or body.
 * @throws TerminalError REQUEST_INVALID for a body that is no object, or that disagrees with the header Idempotency-Key
 */
export function inputOf(operation: Pick<Operation, 'method' | 'path' | 'input'>, request: FastifyRequest): unknown {
  const params = request.params as Record<string, string>;
  const path = Object.fromEntries(pathFields(operation).map((name) => [name, params[name]]));
  const isQuery = operation.method === 'get' || operation.method === 'delete';
  const rest = isQuery ? { ...(request.query as object) } : objectOf(request.body);
  // A field of the path is never one of the body too: the address says what is meant.
  return { ...rest, ...keyOf(operation, request, rest), ...path };
}

function objectOf(body: unknown): Readonly<Record<string, unknown>> {
  if (body === undefined) return {};
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new TerminalError('REQUEST_INVALID', 'The body is no JSON object. Send one, as {"pipeline": "…"}.');
}

function keyOf(
  { input }: Pick<Operation, 'input'>,
  { headers }: FastifyRequest,
  given: Readonly<Record<string, unknown>>,
): { readonly idempotencyKey?: string } {
  const key = headers['idempotency-key'];
  if (typeof key !== 'string' || !Object.hasOwn(input.shape, 'idempotencyKey')) return {};
  if (given['idempotencyKey'] !== undefined && given['idempotencyKey'] !== key) {
    throw new TerminalError(
      'REQUEST_INVALID',
      'The header Idempotency-Key and the field `idempotencyKey` differ. Give one of them.',
    );
  }
  return { idempotencyKey: key };
}
