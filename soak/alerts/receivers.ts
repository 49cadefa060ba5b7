import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '../../chaos/random.js';

/** How a request went. */
export type Answer = 'taken' | 'error' | 'dropped' | 'hung' | 'refused';

export interface Delivery {
  readonly channel: string;
  readonly key: string;
  /** All places where a message says who it is. */
  readonly ids: readonly string[];
  readonly answer: Answer;
}

/** The other side of every channel. */
export interface Receivers {
  readonly received: readonly Delivery[];
  readonly urlOf: (channel: string) => string;
  /** Called with the process of a sender whose alert is taken, before it hears of that. */
  onTaken: ((pid: number) => Promise<void>) | undefined;
  close(): void;
}

/** @param mostHung requests that get no answer at all: each costs its channel as long as a sender waits */
export async function openReceivers(random: Random, mostHung: number): Promise<Receivers> {
  const received: Delivery[] = [];
  let pages = 0;
  const answerOf = (channel: string): Answer => {
    if (channel === 'refusing') return 'refused';
    if (channel === 'broken') return 'error';
    // Each tenth, from the first one on.
    if (channel === 'pager' && pages++ % 10 === 0 && pages <= mostHung * 10) return 'hung';
    const drawn = random.fraction();
    if (drawn < 0.5) return 'taken';
    return drawn < 0.75 ? 'error' : 'dropped';
  };
  const receivers: Receivers = { received, urlOf: (channel) => urlOf(server, channel), onTaken: undefined, close };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return receivers;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const channel = (request.url ?? '').slice(1);
    const answer = answerOf(channel);
    const text = await bodyOf(request);
    if (text === undefined) return;
    if (answer === 'taken') await receivers.onTaken?.(Number(request.headers['x-process']));
    const { id, alert } = JSON.parse(text) as { readonly id: string; readonly alert: { readonly key: string } };
    const ids = [id, String(request.headers['webhook-id']), String(request.headers['idempotency-key'])];
    received.push({ channel, key: alert.key, ids, answer });
    if (answer === 'taken') response.end('ok');
    else if (answer === 'error') response.writeHead(500).end('not now');
    else if (answer === 'refused') response.writeHead(404).end('nobody here');
    else if (answer !== 'hung') request.socket.destroy();
  }

  function close(): void {
    server.closeAllConnections();
    server.close();
  }
}

function urlOf(server: Server, channel: string): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${channel}`;
}

/** The body of a request; `undefined` when its sender died before it had said all. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request) pieces.push(piece as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(pieces).toString();
}
