/** What an alert is about. */
export const ALERT_KINDS = [
  'approval',
  'slo',
  'run failed',
  'run replaced',
  'rejects',
  'backfill done',
  'trigger',
  'housekeeping',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const ALERT_SEVERITIES = ['info', 'warning', 'critical'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** Something that people shall hear of although they are not looking. */
export interface Alert {
  /** What it is told once for: the same key again is the same alert, whoever says it and however often. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly severity: AlertSeverity;
  /** One line, by itself understandable. */
  readonly title: string;
  /** What happened, where, why and what to do: plain text, several lines. */
  readonly text: string;
  readonly pipeline?: string;
  readonly partition?: string;
  readonly workflowId?: string;
  readonly runId?: string;
  /** When it came about, ISO 8601. */
  readonly at: string;
  /** For programs that receive it: JSON, no secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}
