import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TerminalError } from '../../core/errors.js';
import { count } from '../../dev/text-format.js';
import { exportRows, formatOf } from '../../engine/quarantine/export-rows.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { originOf, withRejected } from './rejecting-step.js';

/**
 * Writes the rejected rows of a run's step into a file.
 *
 * @throws TerminalError RUN_UNKNOWN, QUARANTINE_UNKNOWN, QUARANTINE_FILE
 */
export function exportQuarantine(
  { output, directory }: CommandContext,
  address: string,
  step: string | undefined,
  to: string,
): Promise<number> {
  formatOf(to);
  const file = resolve(to);
  if (existsSync(file)) {
    throw new TerminalError('QUARANTINE_FILE', `${file} is there already. Name another file, or move that one away.`);
  }
  return withRejected(directory, address, step, async ({ session, rows, rejecting }) => {
    const { quarantine } = rejecting;
    const written = await exportRows(
      session,
      {
        rows,
        ...originOf(rejecting),
        contract: quarantine.contract ?? '',
        version: quarantine.contractHash ?? '',
      },
      file,
    );
    output.data({ workflowId: rejecting.run.workflowId, runId: rejecting.run.runId, step: quarantine.step, file, rows: written });
    output.text(`Wrote ${count(written)} rejected rows of ${quarantine.step} to ${to}.`);
    const origin = originOf(rejecting);
    output.text(`Edit them, then: millrace quarantine replay ${origin.run} ${origin.step} --from ${to}`);
    return EXIT.ok;
  });
}
