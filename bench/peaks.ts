import { readFileSync, writeFileSync } from 'node:fs';
import type { Peaks } from './benchmark.js';

/** Often enough to meet every backend that works for a second; a short one counts for little. */
const INTERVAL_MS = 200;

export interface PeakWatch {
  /** The peaks since the watch began. */
  stop(): Peaks;
}

/**
 * Watches the peak resident memory of processes, and of the largest backend of a PostgreSQL server, whose part of the shared
 * buffers counts as its own. Only Linux tells; elsewhere nothing is known.
 */
export function watchPeaks(processes: Readonly<Record<string, number>>, postgres: number): PeakWatch {
  if (process.platform !== 'linux') return { stop: () => ({}) };
  for (const pid of Object.values(processes)) forgetPeak(pid);
  const peaks: Record<string, number> = {};
  const note = (name: string, pid: number): void => void (peaks[name] = Math.max(peaks[name] ?? 0, peakOf(pid)));
  const look = (): void => {
    for (const pid of backendsOf(postgres)) note('largest postgres backend', pid);
    // One may have ended when the watch does.
    for (const [name, pid] of Object.entries(processes)) note(name, pid);
  };
  const timer = setInterval(look, INTERVAL_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peaks;
    },
  };
}

function backendsOf(postmaster: number): number[] {
  const children = readIfThere(`/proc/${postmaster}/task/${postmaster}/children`).split(' ').filter(Boolean).map(Number);
  // A backend's title names user, database and client; those of the server's own processes do not.
  return children.filter((pid) => /^postgres: \S+ \S+ 127\.0\.0\.1\(/.test(readIfThere(`/proc/${pid}/cmdline`)));
}

function peakOf(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** Lets the system count anew, where it allows that. */
function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Then the peak is that since the process began.
  }
}

/** The text of a file that may be gone by now. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
