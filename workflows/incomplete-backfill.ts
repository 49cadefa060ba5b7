import { ApplicationFailure } from '@temporalio/workflow';
import type { BackfillState } from './backfill-state.js';

/** A failure is written into history, the catalog and a terminal: so many partitions are told of. */
const MOST_TOLD = 20;

/** The failure with which a backfill ends that has partitions which did not complete. */
export function incompleteBackfill(backfill: string, state: BackfillState): ApplicationFailure {
  const { counts, all, plan } = state;
  const lost = all.filter(({ status }) => status === 'failed' || status === 'cancelled');
  const lines = lost.slice(0, MOST_TOLD).map(({ partition, status, code, message }) => {
    const why = [message, code && `[${code}]`].filter(Boolean).join(' ');
    return `  - ${partition} ${status}${why === '' ? '' : `: ${why.replaceAll('\n', '\n    ')}`}`;
  });
  if (lost.length > MOST_TOLD) lines.push(`  - and ${lost.length - MOST_TOLD} more`);
  const unbegun = counts.waiting > 0 ? `, of which ${counts.waiting} were not begun` : '';
  const message = [
    `${all.length - counts.completed} of ${all.length} partitions of "${plan.request.pipeline}" have not completed${unbegun}.`,
    ...lines,
    `Mend the causes, then \`millrace backfills retry ${backfill}\` does these alone. [BACKFILL_INCOMPLETE]`,
  ].join('\n');
  const failed = lost.slice(0, 500).map(({ partition, status, code, runId }) => ({ partition, status, code, runId }));
  const failure = ApplicationFailure.create({
    message,
    type: 'BACKFILL_INCOMPLETE',
    nonRetryable: true,
    details: [counts, failed],
  });
  // The message says it all.
  failure.stack = '';
  return failure;
}
