import { connect, createServer, type Server } from 'node:net';

/** A wire between a client and a server that a test can cut. */
export interface Cable {
  readonly port: number;
  /** Breaks every connection once so much has gone through, both ways counted. */
  readonly cutAfterBytes: (bytes: number) => void;
  readonly close: () => void;
}

/** Lays a wire to a server: connect to `port` instead of it. */
export async function openCable(server: URL): Promise<Cable> {
  let left = Number.POSITIVE_INFINITY;
  const ends = new Set<() => void>();
  const listener: Server = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    const end = (): void => void (client.destroy(), upstream.destroy());
    ends.add(end);
    client.on('error', end).on('close', end);
    upstream.on('error', end).on('close', end);
    client.on('data', (chunk) => {
      left -= chunk.length;
      if (left > 0) upstream.write(chunk);
      else for (const stop of ends) stop();
    });
    upstream.on('data', (chunk) => {
      left -= chunk.length;
      if (left > 0) client.write(chunk);
      else for (const stop of ends) stop();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    cutAfterBytes: (bytes) => void (left = bytes),
    close: () => listener.close(),
  };
}
