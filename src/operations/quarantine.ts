import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { QuarantineRow } from '../catalog/index.js';
import { TerminalError, TransientError } from '../core/errors.js';
import { parseRunAddress } from '../temporal/run-id.js';
import type { Handlers, OperationContext } from './context.js';
import { findRun } from './find-run.js';
import { readExamples, readReplays, type Examples } from './rejected-sample.js';

/** Samples that are read at a time: each has DuckDB's memory for itself. */
const MOST_AT_ONCE = 2;
let atWork = 0;

export const quarantineHandlers: Handlers<'listQuarantine'> = { listQuarantine };

async function listQuarantine(
  context: OperationContext,
  { run: address, step, limit }: ParsedInputOf<'listQuarantine'>,
): Promise<ResultOf<'listQuarantine'>> {
  const { catalog } = context;
  const { workflowId, runId } = await findRun(context, parseRunAddress(address));
  const all = await catalog.listQuarantine(workflowId, runId);
  const chosen = step === undefined ? all : all.filter((row) => row.step === step || row.dataset === step);
  if (step !== undefined && chosen.length === 0) throw unknownStep(step, all);
  const samples = limit === 0 ? chosen.map(() => []) : await sample(context, chosen, limit);
  const steps = await Promise.all(
    chosen.map(async (row, index) => ({
      step: row.step,
      dataset: row.dataset,
      contract: row.contract,
      rowsRead: row.rowsRead,
      accepted: row.accepted,
      rejected: row.rows,
      reasons: [...row.reasons],
      replays: await readReplays(catalog, row),
      sample: samples[index] ?? null,
    })),
  );
  return structuredClone({ workflowId, runId, steps }) as ResultOf<'listQuarantine'>;
}

async function sample({ project }: OperationContext, steps: readonly QuarantineRow[], limit: number): Promise<Examples[]> {
  if (atWork >= MOST_AT_ONCE) {
    const message = `Rejected rows are read for ${MOST_AT_ONCE} callers already. Try again in a moment.`;
    throw new TransientError('SERVICE_BUSY', message, {}, { retryAfterMs: 1_000 });
  }
  atWork += 1;
  try {
    return await readExamples(project, steps, limit);
  } finally {
    atWork -= 1;
  }
}

function unknownStep(step: string, all: readonly QuarantineRow[]): TerminalError {
  const known = all.length === 0 ? 'No step of the run did.' : `Those that did: ${all.map((row) => row.step).join(', ')}.`;
  return new TerminalError('QUARANTINE_UNKNOWN', `No step "${step}" of the run rejected rows. ${known}`);
}
