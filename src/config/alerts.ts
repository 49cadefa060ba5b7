import type { AlertKind, AlertSeverity } from '../core/alerts.js';
import type { Configurable } from './env.js';

/** A way to people, as written. Made by `webhook()`, `slack()` or `smtp()`. */
export type AlertChannel =
  | ({ readonly kind: 'webhook' } & WebhookOptions)
  | ({ readonly kind: 'slack' } & SlackOptions)
  | ({ readonly kind: 'smtp' } & SmtpOptions);

export interface WebhookOptions {
  /** Where alerts are posted as JSON. It is never shown, since many carry a token. */
  readonly url: Configurable;
  /** What signs them, so that the receiver can tell that they are from here: see the docs. @default not signed */
  readonly secret?: Configurable;
  /** Headers that the receiver wants besides, as `authorization`. @default none */
  readonly headers?: Readonly<Record<string, Configurable>>;
}

export interface SlackOptions {
  /** An incoming webhook of Slack, or of what understands the same: Mattermost, Rocket.Chat, Discord's `/slack`. It is a secret. */
  readonly url: Configurable;
}

export interface SmtpOptions {
  /** The server that takes mail. */
  readonly host: Configurable;
  /** Its port. @default 587; 465 with `tls: 'always'`; 25 with `tls: 'never'` */
  readonly port?: number;
  /**
   * `'starttls'` asks the server for encryption and sends nothing without it; `'always'` speaks TLS from the first byte;
   * `'never'` sends in the clear.
   * @default 'starttls'
   */
  readonly tls?: 'starttls' | 'always' | 'never';
  /** A file (PEM) with the certificates of those who sign the server's. @default those that Node trusts */
  readonly ca?: Configurable;
  /** With `password`, how it logs in. @default it does not */
  readonly user?: Configurable;
  /** Goes with `user`. */
  readonly password?: Configurable;
  /** The sender's address. */
  readonly from: Configurable;
  /** Addresses of those who get it. */
  readonly to: Configurable | readonly Configurable[];
}

/** Which alerts go to which channels: those that fit everything that the rule names. */
export interface AlertRule {
  /** Names of channels. */
  readonly to: string | readonly string[];
  /** Only those of these kinds. @default of any */
  readonly kinds?: readonly AlertKind[];
  /** Only those of these severities. @default of any */
  readonly severities?: readonly AlertSeverity[];
  /** Only those about these pipelines. @default about any, and about none */
  readonly pipelines?: readonly string[];
  /** Only those about pipelines of these owners. @default of any */
  readonly owners?: readonly string[];
  /** Only those about pipelines with one of these tags. @default with any */
  readonly tags?: readonly string[];
}

/** Who hears of what. */
export interface AlertsConfig {
  /** Ways to people, by names. */
  readonly channels?: Readonly<Record<string, AlertChannel>>;
  /** An alert goes to the channels of every rule that it fits. @default all alerts go to all channels */
  readonly rules?: readonly AlertRule[];
  /** The share of a step's rows, from 0 to 1, above which their rejection is an alert. @default none is */
  readonly rejects?: number;
  /** Alerts of one kind about one pipeline that are sent within an hour; one more says that further ones are only kept. @default 20 */
  readonly mostPerHour?: number;
}

/** Alerts about one pipeline. */
export interface PipelineAlerts {
  /** The share of a step's rows, from 0 to 1, above which their rejection is an alert. @default that of `alerts.rejects` */
  readonly rejects?: number;
}

/** What a pipeline promises. A breach is an alert while it lasts. */
export interface SloConfig {
  /** How long a run may take, from its start: `'2 hours'`. */
  readonly finishWithin?: string;
  /** The time of day, as `'06:00'`, by which the run of a time of the schedule is to have completed; without a schedule, a run of each day. */
  readonly finishBy?: string;
  /** The time zone of `finishBy`. @default that of the schedule, or 'UTC' */
  readonly timezone?: string;
  /** How old what it last completed or loaded may become: `'26 hours'`. */
  readonly freshness?: string;
}

/** A channel that posts alerts as JSON to a URL. */
export function webhook(options: WebhookOptions): AlertChannel {
  return { kind: 'webhook', ...options };
}

/** A channel that posts alerts to an incoming webhook of Slack, or of what understands the same. */
export function slack(options: SlackOptions): AlertChannel {
  return { kind: 'slack', ...options };
}

/** A channel that mails alerts. */
export function smtp(options: SmtpOptions): AlertChannel {
  return { kind: 'smtp', ...options };
}
