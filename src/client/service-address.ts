import { TerminalError } from '../core/errors.js';

/** Where a service is, and who asks there. */
export interface ServiceAddress {
  /** As `https://millrace.example.com`. */
  readonly url: string;
  readonly token?: string | undefined;
}

/**
 * Sees that requests can be sent there; what is wrong is said without the token, or a password in the address.
 *
 * @throws TerminalError SERVICE_ADDRESS_INVALID
 */
export function checkAddress({ url, token }: ServiceAddress): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    const shown = url.replace(/\/\/[^/@]*@/, '//…@');
    throw invalid(
      `The address of the service, "${shown}", is none: write it as http://127.0.0.1:8300 or https://millrace.example.com.`,
    );
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw invalid(
      `The address of the service, ${parsed.origin}, holds a user or a password: a service is given a token instead.`,
    );
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw invalid(
      `The address of the service, ${parsed.origin}${parsed.pathname}, has a query or a fragment behind it: leave it out.`,
    );
  }
  // Sent as it is, the message of the error would have it.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw invalid('The token for the service is empty, or holds a space, a line break or another character that no token has.');
  }
}

function invalid(message: string): TerminalError {
  return new TerminalError('SERVICE_ADDRESS_INVALID', message);
}
