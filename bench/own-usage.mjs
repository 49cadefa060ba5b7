import { readFileSync } from 'node:fs';

/** What this process has used so far: CPU seconds of all its threads, and its peak resident memory in MiB. */
export function ownUsage() {
  const { user, system } = process.cpuUsage();
  return { cpuS: (user + system) / 1e6, peakMiB: peakKiB() / 1024 };
}

// Linux counts what the parent used before exec() into maxRSS; VmHWM begins anew.
function peakKiB() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
