import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../access/loopback.js';
import { TerminalError } from '../core/errors.js';

/**
 * Sees that a request to a service that nobody needs a token for was made on purpose. A web page that somebody of this
 * machine looks at can make their browser send requests here: from its own site, or, by a name whose address it changes
 * meanwhile, as if it were this site.
 *
 * @throws TerminalError ORIGIN_REFUSED
 */
export function requireOwnOrigin(headers: IncomingHttpHeaders): void {
  const { host = '', origin } = headers;
  if (!isLoopback(hostName(host))) {
    throw refuse(`It was called as "${host}", which is no name of this machine's own`);
  }
  if (origin !== undefined && origin !== `http://${host}`) throw refuse(`The call came from a page of ${origin}`);
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw refuse('The call came from a page of another site');
}

function hostName(host: string): string {
  return /^(\[[^\]]+\]|[^:]*)(?::\d+)?$/.exec(host)?.[1] ?? '';
}

function refuse(why: string): TerminalError {
  return new TerminalError(
    'ORIGIN_REFUSED',
    `The service has no tokens, so it only listens to this machine. ${why}. Call it at http://127.0.0.1 or http://localhost, or make a token with \`millrace tokens create NAME --role admin\`.`,
  );
}
