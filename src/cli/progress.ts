import { duration } from '../dev/text-format.js';
import { checkState, type Check } from '../preflight/preflight.js';

/** Tells a person at a terminal that a check of the project has ended; elsewhere, nothing. */
export function tellCheck(check: Check): void {
  if (process.stderr.isTTY) process.stderr.write(`Checked ${check.name}: ${checkState(check)} (${duration(check.durationMs)})\n`);
}
