import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { isCommit, isCopyData, speakerOf, type Speaker } from './wire.js';

/** What is going on when a connection is held: rows on their way in, rows on their way out, or a COMMIT without its answer yet. */
export type LineMoment = 'copying' | 'reading' | 'committing';

/** A connection that stands still: what was sent until now has arrived, what comes after waits. */
export interface HeldConnection {
  release(): void;
  /** Breaks it with a reset on both sides. */
  cut(): void;
}

/** The wire between the workers and PostgreSQL. */
export interface Line {
  readonly port: number;
  /**
   * Holds the next connection that comes to this moment.
   *
   * @param bytes how much of the rows has gone through before; 0 for `committing`
   */
  holdNext(moment: LineMoment, bytes: number): { readonly held: Promise<HeldConnection>; cancel(): void };
  /** Breaks every connection of these speakers; gives their number. */
  cut(speakers: readonly Speaker[]): number;
  close(): void;
}

interface Watch {
  readonly moment: LineMoment;
  readonly bytes: number;
  readonly resolve: (held: HeldConnection) => void;
}

/** Lays a wire to the PostgreSQL on this port of 127.0.0.1. */
export async function openLine(serverPort: number): Promise<Line> {
  const connections = new Set<Connection>();
  let watch: Watch | undefined;
  const listener = createServer((client) => {
    const connection = join(client, connect(serverPort, '127.0.0.1'), (found) => {
      if (watch?.moment !== found.moment || found.bytes < watch.bytes) return false;
      watch.resolve(connection);
      watch = undefined;
      return true;
    });
    connections.add(connection);
    client.once('close', () => connections.delete(connection));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    holdNext(moment, bytes) {
      const held = new Promise<HeldConnection>((resolve) => (watch = { moment, bytes, resolve }));
      return { held, cancel: () => void (watch = undefined) };
    },
    cut(speakers) {
      const meant = [...connections].filter((connection) => speakers.includes(connection.speaker()));
      for (const connection of meant) connection.cut();
      return meant.length;
    },
    close() {
      listener.close();
      for (const connection of connections) connection.cut();
    },
  };
}

interface Connection extends HeldConnection {
  speaker(): Speaker;
}

type OnMoment = (found: { readonly moment: LineMoment; readonly bytes: number }) => boolean;

function join(client: Socket, server: Socket, holds: OnMoment): Connection {
  let speaker: Speaker | undefined;
  let copied = 0;
  let read = 0;
  const cut = (): void => {
    for (const end of [client, server]) if (!end.destroyed) end.resetAndDestroy();
  };
  const hold = (): void => {
    client.pause();
    server.pause();
  };
  client.on('data', (chunk) => {
    speaker ??= speakerOf(chunk);
    server.write(chunk);
    if (speaker !== 'load') return;
    // A COMMIT arrives, and only its answer is withheld: whether it was carried out is then not known to who sent it.
    if (copied > 0 || isCopyData(chunk)) copied += chunk.length;
    if (isCommit(chunk)) copied = 0;
    const moment = isCommit(chunk) ? 'committing' : copied > 0 ? 'copying' : undefined;
    if (moment !== undefined && holds({ moment, bytes: copied })) hold();
  });
  server.on('data', (chunk) => {
    client.write(chunk);
    if (speaker !== 'extract') return;
    read += chunk.length;
    if (holds({ moment: 'reading', bytes: read })) hold();
  });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => other.destroy()).on('close', () => other.destroy());
    one.on('end', () => other.end());
  }
  return {
    speaker: () => speaker ?? 'other',
    cut,
    release() {
      client.resume();
      server.resume();
    },
  };
}
