import path from 'node:path';
import { loadProject } from '../config/load.js';
import { refuseBroken } from '../replay/broken.js';
import { readHistories } from '../replay/recorded-histories.js';
import { replayAll } from '../replay/replay.js';

export interface ReplayOptions {
  /**
   * A folder of histories (`*.json`, `*.json.gz`), one file, or several. They are as `temporal workflow show --output json` and
   * `millrace history --save` write them, or of the archive.
   */
  readonly histories: string | readonly string[];
  /** The project's folder, or a build's. @default the current one */
  readonly directory?: string;
}

/** A history that today's code follows. */
export interface ReplayedHistory {
  readonly file: string;
  readonly workflowId: string;
  readonly pipeline: string;
  readonly events: number;
}

/**
 * Replays recorded histories with today's code, in the bundle that workers use. It proves that runs which are open can go on with
 * this code: the pipeline asks for the same steps, under the same names, in the same order. No step is done, and no server needed.
 *
 * @example await replayHistories({ histories: 'test/histories' });
 * @throws TerminalError REPLAY_FAILED naming each history that breaks, the event, and the step; TEST_DATA_MISSING,
 * TEST_DATA_INVALID for files that are none; what is wrong with the project
 */
export async function replayHistories({
  histories,
  directory = process.cwd(),
}: ReplayOptions): Promise<readonly ReplayedHistory[]> {
  const recorded = await readHistories(histories);
  const project = await loadProject(path.resolve(directory));
  refuseBroken(await replayAll(project, recorded));
  return recorded.map(({ file = '', workflowId, pipeline, events }) => ({ file, workflowId, pipeline, events: events.length }));
}
