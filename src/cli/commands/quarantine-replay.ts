import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { planAdditions } from '../../catalog/index.js';
import { TerminalError } from '../../core/errors.js';
import { ENGINE, datasetKey } from '../../engine/dataset-key.js';
import { hashFile } from '../../disk/hash-file.js';
import { editedColumns, stageEdited } from '../../engine/quarantine/edited-rows.js';
import { formatOf } from '../../engine/quarantine/export-rows.js';
import type { CommandContext } from '../command-context.js';
import { withOperations } from '../services.js';
import { launch } from './launch.js';
import { originOf, withRejected, type OpenedQuarantine } from './rejecting-step.js';

export interface ReplayOptions {
  readonly from?: string;
  readonly wait?: true;
}

/**
 * Starts a run that judges the rejected rows of a run's step again, and loads what passes.
 *
 * @throws TerminalError RUN_UNKNOWN, QUARANTINE_UNKNOWN, QUARANTINE_FILE, REPLAY_UNSUITED
 */
export async function replayQuarantine(
  context: CommandContext,
  address: string,
  step: string | undefined,
  options: ReplayOptions,
): Promise<number> {
  if (options.from !== undefined) formatOf(options.from);
  const params = await withRejected(context.directory, address, step, async (opened) => {
    const { catalog, rejecting } = opened;
    const { run, quarantine } = rejecting;
    await planAdditions(catalog, rejecting);
    const edited = options.from === undefined ? undefined : await stage(opened, resolve(options.from));
    const { workflowId, runId } = run;
    return { workflowId, runId, step: quarantine.step, ...(edited !== undefined && { edited }) };
  });
  return withOperations(
    context,
    (operations) =>
      launch(
        context.output,
        operations,
        () => operations.startRun({ pipeline: 'replayQuarantine', params }),
        options.wait === true,
      ),
    { direct: true },
  );
}

/** Puts edited rows into staging, where the worker finds them. Gives the place of their manifest. */
async function stage({ session, staging, rejecting, rows }: OpenedQuarantine, file: string): Promise<string> {
  if (!existsSync(file))
    throw new TerminalError(
      'QUARANTINE_FILE',
      `There is no file ${file}. Export the rows with \`millrace quarantine export\`, and edit them.`,
    );
  const { quarantine } = rejecting;
  const key = datasetKey({ step: 'edited quarantine', rejects: quarantine.rejects, file: await hashFile(file), name: file });
  const found = await staging.find(key);
  if (found) return found.uri;
  const attempt = await staging.begin(key, () => Promise.resolve());
  try {
    const part = { path: './part-0.parquet', format: 'parquet', bytes: 0, fingerprint: '' } as const;
    const count = await stageEdited(session, { file, rows, ...originOf(rejecting) }, join(attempt.directory, 'part-0.parquet'));
    const staged = await attempt.commit({
      name: `${quarantine.dataset} edited`,
      rows: count,
      columns: editedColumns(rows),
      parents: [],
      reproducible: true,
      parts: [{ ...part, rows: count }],
      engine: ENGINE,
    });
    return staged.uri;
  } finally {
    await attempt.abandon();
  }
}
