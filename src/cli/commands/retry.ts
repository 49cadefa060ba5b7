import type { InputOf } from '../../api/index.js';
import { TerminalError } from '../../core/errors.js';
import type { CommandContext } from '../command-context.js';
import { withOperations } from '../services.js';
import { launch } from './launch.js';

export interface RetryOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly from?: string;
  readonly wait?: true;
  /** A load whose audit failed, to be published in spite of it. */
  readonly overrideAudit?: string;
  /** Why. */
  readonly reason?: string;
  /** Who says so. @default whoever asks */
  readonly as?: string;
}

/**
 * Starts a run that takes over what a closed run had finished.
 *
 * @throws TerminalError RUN_UNKNOWN; RETRY_INVALID when `from` is none of its steps; RUN_ALREADY_RUNNING
 */
export async function retry(context: CommandContext, run: string, options: RetryOptions): Promise<number> {
  const { params, from, wait } = options;
  const overrideAudit = overrideOf(options);
  return withOperations(context, (operations) =>
    launch(context.output, operations, () => operations.retryRun({ run, params, from, overrideAudit }), wait === true),
  );
}

/** @throws TerminalError RETRY_INVALID without a reason, or with one for nothing */
function overrideOf({ overrideAudit, reason, as }: RetryOptions): InputOf<'retryRun'>['overrideAudit'] {
  if (overrideAudit === undefined) {
    if (reason === undefined && as === undefined) return undefined;
    throw new TerminalError('RETRY_INVALID', '`--reason` and `--as` are about an override: give `--override-audit STEP` too.');
  }
  if (reason === undefined || reason.trim() === '') {
    throw new TerminalError(
      'RETRY_INVALID',
      `To publish in spite of an audit needs a reason, which is kept: --override-audit ${overrideAudit} --reason "…".`,
    );
  }
  return { step: overrideAudit, reason, by: as };
}
