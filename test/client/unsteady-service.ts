import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/core/error-codes.js';

/** A request as it came. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export type Reply = (response: ServerResponse) => void;

/** A server that answers what a test says, one after another, the last one again and again: for what a good service seldom does. */
export async function unsteadyService(...replies: readonly Reply[]): Promise<{ readonly url: string; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, path: url, headers, body: body === '' ? undefined : JSON.parse(body) });
      replies[Math.min(asked.length, replies.length) - 1]?.(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export function json(value: unknown, status = 200): Reply {
  return (response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function problem(
  status: number,
  code: ErrorCode | 'FROM_THE_FUTURE',
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const title = code === 'FROM_THE_FUTURE' ? 'New.' : ERROR_CODES[code].cause;
  const document = { type: `urn:millrace:error:${code}`, title, status, detail: `It is ${code}.`, code, remedy: '' };
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(JSON.stringify(document));
}

/** Messages of a stream of events; `end` closes it. */
export function events(messages: string, then: 'end' | 'break' | 'stay' = 'end'): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(messages, () => {
      if (then === 'end') response.end();
      if (then === 'break') response.destroy();
    });
  };
}

export const broken: Reply = (response) => response.destroy();
export const silent: Reply = () => undefined;
