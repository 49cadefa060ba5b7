import type { ErrorCodeEntry } from './entry.js';

/** Alerts and the channels that they go to. */
export const ALERT_ERRORS = {
  ALERT_UNKNOWN: {
    cause: 'The catalog has no alert of that key, or none of a pipeline that the caller has to do with.',
    retryable: false,
    remedy: 'List alerts with `millrace alerts list`; the key is in the first column.',
  },
  ALERT_CHANNEL_UNKNOWN: {
    cause: 'The config has no channel of that name.',
    retryable: false,
    remedy: 'Correct the name, or add the channel under `alerts.channels` in the config.',
  },
  ALERT_NOT_DEAD: {
    cause: 'No delivery of the alert was given up, so that there is none to try again.',
    retryable: false,
    remedy: 'Look at its deliveries with `millrace alerts show`.',
  },
  ALERT_ACKNOWLEDGED: {
    cause: 'Somebody has acknowledged the alert already.',
    retryable: false,
    remedy: 'Look at who and why with `millrace alerts show`.',
  },
  ALERT_REFUSED: {
    cause: 'A channel refused an alert for good: its URL, its credentials, an address or the message is wrong.',
    retryable: false,
    remedy:
      'Correct the channel in the config, try it with `millrace alerts test`, then send the alert again with `millrace alerts retry`.',
  },
  ALERT_UNDELIVERED: {
    cause: 'A channel could not be reached, did not answer in time, or asked for patience.',
    retryable: true,
    remedy:
      'Alerts are tried again by themselves for a day. If that goes on, see that the channel can be reached from where the service or the worker runs.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
