import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as a receiver of alerts got it. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: { readonly id: string; readonly type: string; readonly alert: { readonly key: string; readonly title: string } };
  /** When it came, by the clock of the process. */
  readonly at: number;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
}

/**
 * A real HTTP server that receives alerts until the running test ends.
 *
 * @param answer what it answers the nth request (from 1); one that is not ended hangs
 */
export async function startReceiver(
  answer: (response: ServerResponse, n: number) => void = (response) => response.end('ok'),
): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => (text += piece));
    request.on('end', () => {
      received.push({ headers: request.headers, text, body: JSON.parse(text) as Received['body'], at: performance.now() });
      answer(response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hooks/t0p-s3cret-path`, received };
}

/** Answers with a status, after whatever headers. */
export function refuse(status: number, headers: Readonly<Record<string, string>> = {}, text = '') {
  return (response: ServerResponse): void => {
    response.writeHead(status, headers).end(text);
  };
}
