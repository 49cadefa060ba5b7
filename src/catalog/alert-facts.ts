import type { Alert, AlertKind } from '../core/alerts.js';
import type { RunKey } from './facts.js';

/** `sending`: an attempt is under way. `dead`: it was given up, and stays until somebody has it tried again. */
export type DeliveryState = 'pending' | 'sending' | 'sent' | 'dead';

/** One alert on its way to one channel. */
export interface AlertDelivery {
  readonly alert: string;
  readonly channel: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** The next attempt; null once there is none to come. */
  readonly dueAt: string | null;
  /** When it was sent, or given up. */
  readonly endedAt: string | null;
  /** What the latest attempt failed with. */
  readonly error: string | null;
}

/** An attempt that one of several who deliver has to itself. */
export interface ClaimedDelivery {
  readonly alert: Alert;
  readonly channel: string;
  /** This one included. */
  readonly attempts: number;
  readonly giveUpAt: string;
  readonly claim: string;
}

/** What became of an attempt. */
export type DeliveryOutcome =
  | { readonly state: 'sent'; readonly at: string }
  | { readonly state: 'pending'; readonly dueAt: string; readonly error: string }
  /** It was cut short, and counts for nothing. */
  | { readonly state: 'interrupted'; readonly dueAt: string }
  | { readonly state: 'dead'; readonly at: string; readonly error: string };

export interface AlertRow extends Alert {
  /** Whether it went to no channel, since there were too many of its kind. */
  readonly heldBack: boolean;
  readonly acknowledged: { readonly at: string; readonly by: string; readonly why: string | null } | null;
  readonly deliveries: readonly AlertDelivery[];
}

export interface AlertFilter {
  readonly kind?: AlertKind;
  /** Only those about these pipelines. @default about any, and about none */
  readonly pipelines?: readonly string[];
  readonly runId?: string;
  /** `open`: not acknowledged. `dead`: with a delivery that was given up. `pending`: with one still to be made. */
  readonly state?: 'open' | 'acknowledged' | 'dead' | 'pending';
  readonly after?: { readonly at: string; readonly key: string };
  readonly limit: number;
}

/** Which channels an alert is to reach, and until when it is tried. */
export interface AlertRouting {
  readonly key: string;
  readonly channels: readonly string[];
  readonly heldBack: boolean;
  readonly at: string;
  readonly giveUpAt: string;
}

/** A run that ended otherwise than it should, and of which nobody was told. */
export interface UntoldFailure extends RunKey {
  readonly pipeline: string | null;
  readonly partition: string | null;
  readonly owner: string | null;
  readonly status: string;
  readonly finishedAt: string;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A judgement that rejected rows, and of which nobody was told. */
export interface UntoldRejects extends RunKey {
  readonly pipeline: string | null;
  readonly partition: string | null;
  readonly step: string;
  readonly finishedAt: string;
  readonly rowsRead: number;
  readonly rejected: number;
}

/** A backfill that has ended, and of which nobody was told. */
export interface UntoldBackfill {
  readonly backfill: string;
  readonly finishedAt: string;
}

/** A run that has completed or otherwise come to its end by itself. */
export interface EndedRun extends RunKey {
  readonly partition: string | null;
  readonly status: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export type SloKind = 'finishWithin' | 'finishBy' | 'freshness';

export interface SloStateRow {
  readonly pipeline: string;
  readonly slo: SloKind;
  readonly bound: string;
  readonly watchedSince: string;
  readonly checkedAt: string;
  readonly state: 'ok' | 'at risk' | 'breached';
  readonly since: string;
  readonly subject: string | null;
  readonly lastAt: string | null;
  readonly nextAt: string | null;
}
