import { TerminalError } from '../core/errors.js';
import { BACKFILL_IDS } from '../core/backfill.js';
import { parseRunAddress } from '../temporal/run-id.js';
import type { OperationContext } from './context.js';

/** What Temporal takes, unless its server is told otherwise. */
const MOST_BYTES = 1_000;

/**
 * Sees that a run can have the id that somebody gives it: Temporal takes it, the run is found by it again, and it is none of those
 * that other pipelines' runs, or Millrace's own workflows, have.
 *
 * @throws TerminalError REQUEST_INVALID
 */
export function requireOwnId({ project }: Pick<OperationContext, 'project'>, pipeline: string, id: string): void {
  const why = unfit(id) ?? (id.startsWith(`${pipeline}/`) ? undefined : taken(Object.keys(project.pipelines), id));
  if (why === undefined) return;
  throw new TerminalError('REQUEST_INVALID', `id: ${why}. Give the run another id, or leave it out.`);
}

function unfit(id: string): string | undefined {
  if (!id.isWellFormed()) return 'it has half a surrogate pair';
  if (Buffer.byteLength(id) > MOST_BYTES) return `it has more than ${MOST_BYTES} bytes`;
  if (id === '.' || id === '..') return 'the address of a run cannot hold it';
  return parseRunAddress(id).runId === undefined ? undefined : 'what follows the @ would be taken for the id of one execution';
}

function taken(pipelines: readonly string[], id: string): string | undefined {
  if (/^millrace[./]/.test(id) || id.startsWith(BACKFILL_IDS)) return 'ids that begin so are those of Millrace’s own workflows';
  const other = pipelines.find((each) => id.startsWith(`${each}/`));
  return other === undefined ? undefined : `ids that begin so are those of the runs of "${other}"`;
}
