import type { ErrorCodeEntry } from './entry.js';

/** People who are asked before a run goes on. */
export const APPROVAL_ERRORS = {
  APPROVAL_REJECTED: {
    cause: 'Somebody who was asked has rejected what the run was to do next.',
    retryable: false,
    remedy: 'The message says who and why. Mend what they name, then `millrace retry`: it asks again.',
  },
  APPROVAL_EXPIRED: {
    cause: 'Not enough people had approved before the time that the approval had was over.',
    retryable: false,
    remedy: 'Ask them, then `millrace retry`: it asks again. Give the approval more time where that happens often.',
  },
  APPROVAL_UNKNOWN: {
    cause: 'The run has no approval of that name.',
    retryable: false,
    remedy: 'Name one of those in the message, or look what waits with `millrace approvals`.',
  },
  APPROVAL_CLOSED: {
    cause: 'The approval was given, rejected or over already, or its run is about to end.',
    retryable: false,
    remedy: 'Look at it with `millrace approvals --status all`.',
  },
  APPROVAL_REPEATED: {
    cause: 'The same person has approved before: each counts once.',
    retryable: false,
    remedy: 'Ask somebody else.',
  },
  APPROVAL_FORBIDDEN: {
    cause: 'It is not for this person to approve: they hold none of the roles that it names, or they started the run themselves.',
    retryable: false,
    remedy: 'Ask somebody who holds one of the roles in the message; tokens get groups by `millrace tokens create --group`.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
