import { setTimeout as sleep } from 'node:timers/promises';
import type { Operations } from '../api/index.js';
import { openTerminal, type Terminal } from '../dev/terminal.js';
import { countsText, mapText, NO_WORKER, type Backfill } from './backfill-text.js';
import { EXIT } from './exit-codes.js';
import { isOpen } from './outcome.js';
import { errorText, type Output } from './output.js';

const INTERVAL_MS = 500;

/**
 * Shows a backfill until its end: a map that is redrawn on a terminal, a line for each change elsewhere, an object a line with
 * `--json`. Ctrl-C ends the watching and leaves the backfill alone. Gives the exit code.
 */
export async function watchBackfill(output: Output, operations: Operations, id: string): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  const terminal = openTerminal(process.stdout);
  const show = displayOf(output, terminal);
  try {
    while (!stop.signal.aborted) {
      const backfill = await operations.getBackfill({ backfill: id });
      show(backfill);
      if (!isOpen(backfill)) return tellEnd(output, terminal, backfill);
      await sleep(INTERVAL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    if (!output.json) terminal.live([]);
    output.data({ event: 'detached', id });
    output.text(
      `Detached; the backfill goes on. To cancel it: millrace backfills cancel ${id}\nTo look at it: millrace backfills show ${id}`,
    );
    return EXIT.interrupted;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function displayOf(output: Output, terminal: Terminal): (backfill: Backfill) => void {
  const known = new Map<string, string>();
  let missesWorker = false;
  return (backfill) => {
    if (backfill.worker === false && !missesWorker) output.warn(NO_WORKER);
    missesWorker = backfill.worker === false;
    if (terminal.interactive && !output.json) {
      const map = backfill.partitions.length === 0 ? [] : mapText(backfill.partitions).split('\n');
      terminal.live([`${backfill.status}: ${countsText(backfill)}`, '', ...map]);
      return;
    }
    for (const { partition, status, runId, attempts, error } of backfill.partitions) {
      if (known.get(partition) === status || status === 'waiting') continue;
      known.set(partition, status);
      output.data({ event: 'partition', partition, status, runId, attempts, error });
      output.text(`${partition} ${status}${error ? `: ${error.message} [${error.code}]` : ''}`);
    }
  };
}

function tellEnd(output: Output, terminal: Terminal, backfill: Backfill): number {
  const { id, status, counts, leftOut, error } = backfill;
  if (terminal.interactive && !output.json) {
    terminal.live([]);
    if (backfill.partitions.length > 0) terminal.line(mapText(backfill.partitions));
  }
  output.data({ event: 'ended', id, status, counts, leftOut, error });
  output.text(`Backfill ${id} ${status}: ${countsText(backfill)}.`);
  if (error && !output.json) output.warn(errorText(error));
  return status === 'completed' ? EXIT.ok : EXIT.failed;
}
