import type { HousekeepingResult } from '../../../workflows/housekeeping.js';
import { count, size } from '../../dev/text-format.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { isOpen, noWorker } from '../outcome.js';
import { withOperations } from '../services.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Operations, ResultOf } from '../../api/index.js';

export interface HousekeepingOptions {
  readonly dryRun?: true;
}

const INTERVAL_MS = 500;

/** Removes what the config keeps no longer, by a run of the pipeline `housekeeping`, and tells what that was. */
export async function housekeeping(context: CommandContext, { dryRun }: HousekeepingOptions): Promise<number> {
  const { output } = context;
  return withOperations(context, async (operations) => {
    const started = await operations.startRun({ pipeline: 'housekeeping', params: { dryRun: dryRun === true } });
    if (!started.worker) output.warn(noWorker(started.taskQueue));
    const run = await ended(operations, `${started.workflowId}@${started.runId}`);
    const { workflowId, runId, status, error } = run;
    if (status !== 'completed') {
      output.data({ workflowId, runId, status, error });
      output.warn(`The run ${workflowId} is ${status}${error ? `: ${error.message} [${error.code}]` : '.'}`);
      return EXIT.failed;
    }
    const result = run.result as HousekeepingResult;
    output.data({ workflowId, runId, ...result });
    output.text(housekeepingText(result));
    return EXIT.ok;
  });
}

async function ended({ getRun }: Operations, run: string): Promise<ResultOf<'getRun'>> {
  for (;;) {
    const found = await getRun({ run });
    if (!isOpen(found)) return found;
    await sleep(INTERVAL_MS);
  }
}

function housekeepingText({ dryRun, sweeps, bytes }: HousekeepingResult): string {
  const lines = sweeps.map(({ sweep, removed, kept }) => {
    const gone = Object.entries(removed).filter(([, many]) => many > 0);
    const stays = Object.entries(kept).map(([reason, many]) => `${count(many)} stay: ${reason}`);
    const told = gone.map(([what, many]) => `${count(many)} ${what.replaceAll('_', ' ')}`).join(', ') || 'nothing';
    return `  ${sweep.padEnd(8)}  ${[told, ...stays].join('; ')}`;
  });
  return [`${dryRun ? 'Would remove' : 'Removed'}, ${size(bytes)} of files:`, ...lines].join('\n');
}
