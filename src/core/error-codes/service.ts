import type { ErrorCodeEntry } from './entry.js';

/** The client service, and those who call it. */
export const SERVICE_ERRORS = {
  REQUEST_INVALID: {
    cause: 'A request does not fit what the operation takes.',
    retryable: false,
    remedy: 'Correct what the message names; /openapi.json says what each operation takes.',
  },
  ROUTE_UNKNOWN: {
    cause: 'The service has nothing under that address, or not with that method.',
    retryable: false,
    remedy: 'Look at /openapi.json for what there is.',
  },
  UNAUTHENTICATED: {
    cause: 'A request has no token, or one that is unknown, expired or revoked.',
    retryable: false,
    remedy: 'Send `Authorization: Bearer TOKEN`; an admin makes tokens with `millrace tokens create`.',
  },
  FORBIDDEN: {
    cause: 'The role or the scope of whoever asks does not allow it.',
    retryable: false,
    remedy: 'Ask an admin for a token with the role and the scope that it needs.',
  },
  REQUEST_TOO_LARGE: {
    cause: 'The body of a request is larger than the service takes.',
    retryable: false,
    remedy: 'Send less: data goes through connections, never through the service.',
  },
  RATE_LIMITED: {
    cause: 'More requests came from one caller than the service answers.',
    retryable: true,
    remedy: 'Wait as long as the header Retry-After says, then go on more slowly.',
  },
  SERVICE_ADDRESS_INVALID: {
    cause: 'The address of a service, or the token for it, cannot be used.',
    retryable: false,
    remedy: 'Give an http or https address without user, password and query, and the token as it was printed.',
  },
  SERVICE_UNREACHABLE: {
    cause: 'No Millrace service answers at the address.',
    retryable: true,
    remedy: 'Start it with `millrace serve`, or correct the address.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
