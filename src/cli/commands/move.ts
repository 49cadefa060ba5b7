import { fetchHistory } from '../../replay/server-histories.js';
import { agree } from '../agree.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { replayBefore } from '../local-version.js';
import { withOperations } from '../services.js';

export interface MoveOptions {
  readonly to: string;
  readonly reason?: string;
  readonly yes?: true;
  readonly dryRun?: true;
  /** Moves it although the replay finds that it would break. */
  readonly force?: true;
}

/**
 * Lets an open run go on with another version's code, after showing the difference, and replaying the run where this folder has
 * that code.
 *
 * @throws TerminalError RUN_UNKNOWN, RUN_CLOSED, RUN_NOT_MOVABLE, VERSION_UNKNOWN, REPLAY_FAILED; TransientError
 * VERSION_WITHOUT_WORKER
 */
export async function move(context: CommandContext, run: string, options: MoveOptions): Promise<number> {
  const { output } = context;
  const { to, reason, dryRun = false, yes = false, force = false } = options;
  return withOperations(context, async ({ moveRun }) => {
    const planned = await moveRun({ run, to, reason, dryRun: true });
    const { workflowId, runId, pipeline, from, begunWith } = planned;
    const code = begunWith === null ? '' : ` (it began with code ${begunWith})`;
    output.text(`${workflowId}  ${pipeline}${code}\n- ${from ?? 'no version'}\n+ ${to}`);
    await replayBefore(context, {
      version: to,
      force,
      async find(temporal) {
        const history = await fetchHistory(temporal, { workflowId, runId }, true);
        return history ? [history] : [];
      },
    });
    if (dryRun) {
      output.data(planned);
      output.text('Nothing was done.');
      return EXIT.ok;
    }
    await agree(`This lets ${workflowId} go on with the code of ${to}`, yes);
    const done = await moveRun({ run, to, reason, dryRun: false });
    output.data(done);
    output.text(`Run ${workflowId} goes on with version ${to}.`);
    return EXIT.ok;
  });
}
