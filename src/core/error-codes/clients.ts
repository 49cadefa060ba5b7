import type { ErrorCodeEntry } from './entry.js';

/** Clients, the command line and development. */
export const CLIENT_ERRORS = {
  NODE_UNSUPPORTED: {
    cause: 'The Node that runs the command is older than Millrace can use.',
    retryable: false,
    remedy: 'Install the version that the message names, or a later one.',
  },
  COMMAND_INVALID: {
    cause: 'The command line cannot be understood.',
    retryable: false,
    remedy: 'Read the command’s --help.',
  },
  TEMPORAL_UNREACHABLE: {
    cause: 'No Temporal server answers.',
    retryable: true,
    remedy: 'Start one with `millrace dev` or `docker compose up`, or set TEMPORAL_ADDRESS.',
  },
  TEMPORAL_TLS: {
    cause:
      'The Temporal server and this machine do not agree on TLS: a certificate, its authority, name or dates, or TLS on one side only.',
    retryable: false,
    remedy: 'Correct the setting that the message names, see docs/temporal.md.',
  },
  RUN_ALREADY_RUNNING: {
    cause: 'A run of the same workflow id is running.',
    retryable: false,
    remedy: 'Wait for its end, cancel it, or start with another id or another `onConflict`.',
  },
  IDEMPOTENCY_CONFLICT: {
    cause: 'An idempotency key has started a run with other parameters before.',
    retryable: false,
    remedy: 'Give a new start a new key, or repeat the earlier one unchanged.',
  },
  RUN_UNKNOWN: { cause: 'No run of that id is known.', retryable: false, remedy: 'List runs with `millrace runs`.' },
  TOOL_MISSING: {
    cause: 'A program that is needed was not found and could not be fetched.',
    retryable: false,
    remedy: 'Use one of the ways in the message.',
  },
  PORT_BUSY: { cause: 'A port that is needed is taken.', retryable: false, remedy: 'Free it or choose another.' },
} as const satisfies Record<string, ErrorCodeEntry>;
