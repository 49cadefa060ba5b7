import { loadProject } from '../../config/load.js';
import { findPipeline } from '../../config/parameters.js';
import { TerminalError } from '../../core/errors.js';
import { REMEDY } from '../../replay/broken.js';
import { readHistories, type RecordedHistory } from '../../replay/recorded-histories.js';
import { replayAll, type Replayed } from '../../replay/replay.js';
import { saveHistory, serverHistories, type ServerHistory } from '../../replay/server-histories.js';
import { connectTemporal } from '../../temporal/connect.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { quietReplay } from '../quiet-replay.js';

export interface ReplayFlags {
  readonly from: string;
  readonly pipeline?: string;
  readonly limit: number;
  readonly save?: string;
}

/**
 * Replays histories with the code in this folder, and tells which runs would break.
 *
 * @returns 1 when one would
 * @throws TerminalError PIPELINE_UNKNOWN where nothing is of it; TEST_DATA_MISSING, TEST_DATA_INVALID for files; COMMAND_INVALID; TransientError TEMPORAL_UNREACHABLE
 */
export async function replay({ output, directory }: CommandContext, flags: ReplayFlags): Promise<number> {
  const project = await loadProject(directory);
  const histories = flags.from === 'server' ? await takeFromServer(project.taskQueue, flags) : await takeFromFolder(flags);
  if (histories.length === 0) {
    // A name that is mistyped must not look like runs that all go on.
    if (flags.pipeline !== undefined) findPipeline(project.pipelines, flags.pipeline);
    const where = flags.from === 'server' ? `task queue "${project.taskQueue}"` : flags.from;
    const whose = flags.pipeline === undefined ? '' : ` of ${flags.pipeline}`;
    output.text(`There is no history to replay: ${where} has no run${whose}.`);
    return EXIT.ok;
  }
  await quietReplay();
  const replayed = await replayAll(project, histories);
  for (const each of replayed) output.data(asData(each));
  const broken = replayed.filter(({ problem }) => problem !== null);
  for (const { history, problem } of broken) {
    output.warn(`${openWord(history)}${history.workflowId}  ${history.pipeline}: ${problem ?? ''}`);
  }
  output.text(summary(replayed, broken));
  if (broken.length > 0) output.text(REMEDY);
  return broken.length > 0 ? EXIT.failed : EXIT.ok;
}

async function takeFromServer(taskQueue: string, { pipeline, limit, save }: ReplayFlags): Promise<RecordedHistory[]> {
  const temporal = await connectTemporal();
  const histories: ServerHistory[] = [];
  try {
    for await (const history of serverHistories(temporal, { taskQueue, limit, ...(pipeline !== undefined && { pipeline }) })) {
      histories.push(history);
      if (save !== undefined) await saveHistory(save, history);
    }
    return histories;
  } finally {
    await temporal.close();
  }
}

async function takeFromFolder({ from, pipeline, limit, save }: ReplayFlags): Promise<RecordedHistory[]> {
  if (save !== undefined) {
    throw new TerminalError('COMMAND_INVALID', '`--save` keeps histories of a server; those of a folder are there already.');
  }
  const histories = await readHistories(from);
  return histories.filter((history) => pipeline === undefined || history.pipeline === pipeline).slice(0, limit);
}

function isOpen(history: RecordedHistory): boolean | null {
  return 'open' in history ? (history as ServerHistory).open : null;
}

function openWord(history: RecordedHistory): string {
  const open = isOpen(history);
  return open === null ? '' : open ? 'open    ' : 'closed  ';
}

function asData({ history, problem }: Replayed) {
  const { workflowId, pipeline, events, file = null } = history;
  return { workflowId, pipeline, events: events.length, open: isOpen(history), file, problem };
}

function summary(all: readonly Replayed[], broken: readonly Replayed[]): string {
  const open = all.filter(({ history }) => isOpen(history) === true).length;
  const kinds = open === 0 ? '' : `, ${open} of them open`;
  if (broken.length === 0) return `${all.length} histories${kinds}: all replay with this code.`;
  const openBroken = broken.filter(({ history }) => isOpen(history) === true).length;
  return `${all.length} histories${kinds}: ${broken.length} do not replay with this code${openBroken > 0 ? `, ${openBroken} of open runs` : ''}.`;
}
