import path from 'node:path';
import { TerminalError } from '../core/errors.js';
import type { Replayed } from './replay.js';

/** What to do about runs that this code breaks. */
export const REMEDY =
  'A run that is open would not go on. Guard the change with patched() of @temporalio/workflow, or give such runs a worker with the code they began with until they have ended.';

/** Where a history is from, and what breaks there. */
export function brokenLine({ history, problem }: Replayed): string {
  const { file, workflowId } = history;
  const place = file === undefined ? workflowId : `${path.relative(process.cwd(), file)} (${workflowId})`;
  return `${place}: ${problem ?? ''}`;
}

/** @throws TerminalError REPLAY_FAILED naming each history that breaks, the event, and the step */
export function refuseBroken(replayed: readonly Replayed[]): void {
  const broken = replayed.filter(({ problem }) => problem !== null);
  if (broken.length === 0) return;
  const lines = broken.map((each) => `  - ${brokenLine(each).replaceAll('\n', '\n    ')}`);
  throw new TerminalError(
    'REPLAY_FAILED',
    `${broken.length} of ${replayed.length} histories do not replay with today's code:\n${lines.join('\n')}\n${REMEDY}`,
    { histories: replayed.length, broken: broken.length },
  );
}
