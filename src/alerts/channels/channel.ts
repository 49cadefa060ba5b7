import type { Alert } from '../../core/alerts.js';

/** An alert on its way to a channel. */
export interface OutgoingAlert {
  /** The same for each attempt, so that a receiver can tell that it has it already. */
  readonly id: string;
  readonly alert: Alert;
  /** Whether somebody only tries the channel. */
  readonly test: boolean;
}

/** A channel that is ready to send, with its secrets. */
export interface OpenChannel {
  /**
   * Sends an alert: it has arrived when this returns. It ends within {@link SEND_TIMEOUT_MS}, or soon after `signal` is aborted.
   *
   * @throws TerminalError ALERT_REFUSED when to try again can't help
   * @throws TransientError ALERT_UNDELIVERED when it may, with how long the other side asks to wait
   */
  send(message: OutgoingAlert, signal: AbortSignal): Promise<void>;
  /** Every string that no message may hold. */
  readonly secrets: readonly string[];
}

/** What is slower than this has not arrived. */
export const SEND_TIMEOUT_MS = 15_000;
