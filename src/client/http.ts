import {
  OPERATIONS,
  pathFields,
  type InputOf,
  type Operation,
  type OperationId,
  type Operations,
  type ResultOf,
} from '../api/index.js';
import type { Problem } from '../api/schemas/problem.js';
import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { messageOf, TerminalError, TransientError } from '../core/errors.js';
import { checkAddress, type ServiceAddress } from './service-address.js';

/** Every operation, asked of a service. @throws TerminalError SERVICE_ADDRESS_INVALID */
export function remoteOperations(service: ServiceAddress): Operations {
  checkAddress(service);
  const entries = (Object.keys(OPERATIONS) as OperationId[]).map((id) => [
    id,
    (input: InputOf<typeof id>) => callService(service, id, input),
  ]);
  return Object.fromEntries(entries) as Operations;
}

/**
 * Asks a service for one operation.
 * @throws TransientError SERVICE_UNREACHABLE; otherwise the error that the service answers, under its own code
 */
export async function callService<Id extends OperationId>(
  service: ServiceAddress,
  id: Id,
  input: InputOf<Id>,
): Promise<ResultOf<Id>> {
  const { request, url } = requestFor(service, OPERATIONS[id], input);
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (error) {
    const message = `No Millrace service answers at ${service.url}: ${messageOf(error)}. Start it with \`millrace serve\`, or correct the address.`;
    throw new TransientError('SERVICE_UNREACHABLE', message, {}, { cause: error });
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok || typeof body !== 'object') throw failureOf(service, response.status, body);
  return body as ResultOf<Id>;
}

function requestFor(service: ServiceAddress, operation: Operation, input: Readonly<Record<string, unknown>>) {
  const inPath = pathFields(operation);
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])));
  const rest = Object.entries(input).filter(([name, value]) => !inPath.includes(name) && value !== undefined);
  const hasQuery = operation.method === 'get' || operation.method === 'delete';
  const query = hasQuery
    ? new URLSearchParams(rest.map(([name, value]): [string, string] => [name, String(value)])).toString()
    : '';
  const request: RequestInit = {
    method: operation.method.toUpperCase(),
    headers: {
      accept: 'application/json',
      ...(!hasQuery && { 'content-type': 'application/json' }),
      ...(service.token !== undefined && { authorization: `Bearer ${service.token}` }),
    },
    ...(!hasQuery && { body: JSON.stringify(Object.fromEntries(rest)) }),
  };
  return { url: `${service.url.replace(/\/+$/, '')}${path}${query === '' ? '' : `?${query}`}`, request };
}

function failureOf({ url }: ServiceAddress, status: number, body: unknown): Error {
  const { code, detail } = (body ?? {}) as Partial<Problem>;
  if (code === undefined || detail === undefined || !Object.hasOwn(ERROR_CODES, code)) {
    return new TransientError('SERVICE_UNREACHABLE', `What answers at ${url} (HTTP ${status}) is no Millrace service.`);
  }
  const known = code as ErrorCode;
  return ERROR_CODES[known].retryable ? new TransientError(known, detail) : new TerminalError(known, detail);
}
