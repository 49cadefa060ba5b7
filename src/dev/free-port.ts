import { createServer } from 'node:net';
import { TerminalError } from '../core/errors.js';

/** Whether nothing on this machine listens on the port, as far as 127.0.0.1 and ::1 tell. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::1'));
}

/** A port that was free a moment ago, chosen by the operating system. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

export interface PortChoice {
  /** What the port is for, in messages. */
  readonly purpose: string;
  readonly wanted: number;
  /** The person asked for exactly this port. */
  readonly explicit: boolean;
  /** How to ask for another one, in messages: a flag or a variable. */
  readonly option: string;
}

/**
 * The wanted port, or the next free one above it when nobody insisted.
 *
 * @throws TerminalError PORT_BUSY when the port was asked for explicitly, or none of the next fifty is free
 */
export async function choosePort(choice: PortChoice, notice: (line: string) => void): Promise<number> {
  const { purpose, wanted, explicit, option } = choice;
  if (await isPortFree(wanted)) return wanted;
  if (!explicit) {
    for (let port = wanted + 1; port <= wanted + 50; port++) {
      if (await isPortFree(port)) {
        notice(`Port ${wanted} is taken; ${purpose} uses ${port} instead.`);
        return port;
      }
    }
  }
  const why = explicit ? `something else listens on it` : `and so are the fifty ports above it`;
  throw new TerminalError(
    'PORT_BUSY',
    `Port ${wanted} for ${purpose} is taken: ${why}. Stop what uses it, or choose another with ${option}.`,
    {
      port: wanted,
    },
  );
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 has no such address; that is no reason to call the port taken.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE' && error.code !== 'EACCES'));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
