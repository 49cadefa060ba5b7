import type { SloStateRow } from '../../catalog/index.js';
import type { Alert } from '../../core/alerts.js';

/** How a promise stands at a moment, and what is to be told of it. */
export interface Verdict {
  readonly state: SloStateRow['state'];
  /** Of a breach: since when. */
  readonly breachedAt?: string;
  readonly subject: string | null;
  readonly lastAt: string | null;
  readonly nextAt: string | null;
  readonly alerts: readonly Alert[];
}

/** From this part of its time on, what has not come is at risk. */
export const AT_RISK = 0.8;

export function iso(at: Date | number): string {
  return new Date(at).toISOString();
}

/** A span of time as people say it: `2 h 5 min`. */
export function spanText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return `${Math.max(0, Math.round(ms / 1000))} s`;
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const parts = [days > 0 && `${days} d`, hours > 0 && `${hours} h`, rest > 0 && days === 0 && `${rest} min`];
  return parts.filter((part) => part !== false).join(' ');
}
