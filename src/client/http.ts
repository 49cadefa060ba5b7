import type { InputOf, OperationId, Operations, ResultOf } from '../api/index.js';
import { ROUTES } from './routes.js';
import { send, type Service } from './send.js';
import { checkAddress } from './service-address.js';

export interface CallOptions {
  /** Ends the waiting. What was asked may still be done. */
  readonly signal?: AbortSignal;
}

/** Every operation, asked of a service. @throws TerminalError SERVICE_ADDRESS_INVALID */
export function remoteOperations(service: Service): Operations {
  checkAddress(service);
  const entries = (Object.keys(ROUTES) as OperationId[]).map((id) => [
    id,
    (input: InputOf<typeof id>) => callService(service, id, input),
  ]);
  return Object.fromEntries(entries) as Operations;
}

/**
 * Asks a service for one operation.
 *
 * @throws TransientError SERVICE_UNREACHABLE; otherwise the error that the service answers, under its own code
 */
export async function callService<Id extends OperationId>(
  service: Service,
  id: Id,
  input: InputOf<Id>,
  { signal }: CallOptions = {},
): Promise<ResultOf<Id>> {
  const given = (input ?? {}) as Readonly<Record<string, unknown>>;
  const { url, request } = requestFor(service, ROUTES[id], given);
  const repeatable = ROUTES[id].method === 'get' || given['idempotencyKey'] !== undefined;
  return (await send(service, url, request, { repeatable, signal })) as ResultOf<Id>;
}

/** What every request carries. */
export function headersOf({ token }: Service, accept = 'application/json'): Record<string, string> {
  return { accept, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
}

/** The address of something that the service has, below the one it was given. */
export function urlOf({ url }: Service, path: string): string {
  return `${url.replace(/\/+$/, '')}${path}`;
}

function requestFor(
  service: Service,
  { method, path }: { readonly method: string; readonly path: string },
  input: Readonly<Record<string, unknown>>,
): { readonly url: string; readonly request: RequestInit } {
  const inPath = new Set<string>();
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    inPath.add(name);
    return encodeURIComponent(String(input[name]));
  });
  const rest = Object.entries(input).filter(([name, value]) => !inPath.has(name) && value !== undefined);
  const headers = headersOf(service);
  if (method !== 'get' && method !== 'delete') {
    const body = JSON.stringify(Object.fromEntries(rest));
    const request = { method: method.toUpperCase(), headers: { ...headers, 'content-type': 'application/json' }, body };
    return { url: urlOf(service, place), request };
  }
  const query = new URLSearchParams(rest.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return { url: urlOf(service, `${place}${query && `?${query}`}`), request: { method: method.toUpperCase(), headers } };
}
