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
    remedy: 'Look at /docs, or /openapi.json, for what there is.',
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
  ORIGIN_REFUSED: {
    cause: 'A service without tokens was called from another web site, or under a name that is not this machine’s.',
    retryable: false,
    remedy: 'Call it at its own address, or make a token: then the token decides.',
  },
  METHOD_UNKNOWN: {
    cause: 'What is under that address does not take that method.',
    retryable: false,
    remedy: 'Use a method of the header Allow.',
  },
  MEDIA_TYPE_UNKNOWN: {
    cause: 'The body of a request is of a type that the service does not read.',
    retryable: false,
    remedy: 'Send JSON, with `Content-Type: application/json`.',
  },
  ISSUER_UNREACHABLE: {
    cause: 'The OpenID Connect issuer of the config does not give its keys.',
    retryable: true,
    remedy: 'Check `service.oidc`, and that the issuer answers.',
  },
  TOKEN_UNKNOWN: { cause: 'There is no token of that id.', retryable: false, remedy: 'List them with `millrace tokens list`.' },
  DATASET_UNKNOWN: {
    cause: 'The catalog knows no such dataset, or none of a pipeline that the caller has to do with.',
    retryable: false,
    remedy: 'List them with `millrace datasets`, or GET /v1/datasets.',
  },
  SERVICE_UNPROTECTED: {
    cause: 'The service was to listen beyond this machine while nobody would need a token.',
    retryable: false,
    remedy: 'Make a token with `millrace tokens create NAME --role admin`, or configure `service.oidc`, then start it again.',
  },
  SERVICE_BUSY: {
    cause: 'The service does as much of that at a time as it can.',
    retryable: true,
    remedy: 'Try again in some seconds.',
  },
  SERVICE_UNREACHABLE: {
    cause: 'No Millrace service answers at the address.',
    retryable: true,
    remedy: 'Start it with `millrace serve`, or correct the address.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
