import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { TerminalError } from '../core/errors.js';
import { problemOf } from './problem-response.js';

/** Status and reason of what Node's own parser refuses. */
export const REASONS: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Its headers and its address have more than 16 KB.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'It did not arrive within 30 s.'],
};

/** What is told of a request that was refused for a reason. */
export function unreadable(reason: string): string {
  return `The request can't be read. ${reason}`;
}

/** Answers a connection on which no request could be read. */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = REASONS[error.code ?? ''] ?? [400, 'It is no HTTP request.'];
  const refusal = new TerminalError('REQUEST_INVALID', unreadable(reason));
  const { instance: _, ...problem } = problemOf(refusal, '');
  const body = JSON.stringify({ ...problem, status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
