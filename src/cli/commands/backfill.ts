import { createInterface } from 'node:readline/promises';
import type { Operations } from '../../api/index.js';
import { NO_WORKER, previewText } from '../backfill-text.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';
import { watchBackfill } from '../watch-backfill.js';

export interface BackfillOptions {
  readonly from: string;
  readonly to: string;
  readonly only: 'missing' | 'failed' | 'all';
  readonly concurrency: number;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly stopOnFailure?: true;
  readonly preview?: true;
  readonly wait?: true;
  readonly yes?: true;
}

/** Shows what a backfill would do, and starts it. */
export function backfill(context: CommandContext, pipeline: string, options: BackfillOptions): Promise<number> {
  return withOperations(context, async (operations) => {
    const { output } = context;
    const { from, to, only, concurrency } = options;
    const preview = await operations.previewBackfill({ pipeline, from, to, only, concurrency });
    if (options.preview) output.data(preview);
    output.text(previewText(preview));
    if (options.preview || preview.todo.length === 0) return EXIT.ok;
    if (!options.yes && !output.json && !(await isWanted())) return EXIT.ok;
    return start(context, operations, pipeline, options);
  });
}

async function start(
  { output }: CommandContext,
  operations: Operations,
  pipeline: string,
  options: BackfillOptions,
): Promise<number> {
  const { from, to, only, concurrency, params = {}, stopOnFailure = false } = options;
  const asked = { pipeline, from, to, only, concurrency, params: { ...params }, stopOnFailure };
  const { id, runId, worker } = await operations.startBackfill(asked);
  output.data({ event: 'started', id, runId });
  output.text(`\nStarted ${id}.`);
  if (options.wait) return watchBackfill(output, operations, id);
  if (!worker) output.warn(NO_WORKER);
  output.text(`Look at it with: millrace backfills show ${id}`);
  return EXIT.ok;
}

/** Asks the person at the terminal; where there is none, whoever wrote the command has decided. */
async function isWanted(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return true;
  const questions = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await questions.question('\nStart it? [y/N] ')).trim());
  } finally {
    questions.close();
  }
}
