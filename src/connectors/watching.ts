import type { LedgerLoad } from './load-request.js';

/** A file as somebody finds it who looks for files that arrive. */
export interface ArrivingFile {
  /** Relative to the connection's root. */
  readonly path: string;
  /** Changes whenever the file does. */
  readonly stamp: string;
  /** False while somebody may still be writing it. */
  readonly settled: boolean;
}

/** Asks for the loads since an earlier look. */
export interface RecentLoadsRequest {
  /** The `cursor` of that look; null for the first one. */
  readonly cursor: string | null;
  /** ISO. For the first look: loads that were committed from here on. */
  readonly since: string;
}

/** The loads since an earlier look. */
export interface RecentLoads {
  readonly loads: readonly LedgerLoad[];
  /** From where the next look goes on. */
  readonly cursor: string;
}
