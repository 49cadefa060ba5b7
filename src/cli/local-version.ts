import type { WorkflowBundleOption } from '@temporalio/worker';
import { loadProject, type LoadedProject } from '../config/load.js';
import { refuseBroken } from '../replay/broken.js';
import { replayAll } from '../replay/replay.js';
import type { ServerHistory } from '../replay/server-histories.js';
import { connectTemporal, type TemporalClient } from '../temporal/connect.js';
import { bundleOf } from '../worker/bundle.js';
import { buildIdOf } from '../worker/build-id.js';
import type { CommandContext } from './command-context.js';
import { quietReplay } from './quiet-replay.js';
import { configuredService } from './configured-service.js';

interface LocalVersion {
  readonly project: LoadedProject;
  readonly bundle: WorkflowBundleOption;
  readonly buildId: string;
}

export interface ReplayBefore {
  /** The version whose code is to go on with the runs. */
  readonly version: string;
  /** The runs that it would get. */
  readonly find: (temporal: TemporalClient, project: LoadedProject) => Promise<readonly ServerHistory[]>;
  /** Goes on where runs break, with a warning. */
  readonly force: boolean;
}

/**
 * Replays runs with the code of the version that would go on with them, where this folder has that code: what is here is compared by
 * its build id. Where it has not, or a service stands between, it warns that nothing was replayed.
 *
 * @throws TerminalError REPLAY_FAILED naming each run that would not go on
 */
export async function replayBefore(context: CommandContext, { version, find, force }: ReplayBefore): Promise<void> {
  const { output } = context;
  const why = configuredService(context) ? 'a service is between this and Temporal' : undefined;
  const local = why === undefined ? await localVersion(context.directory) : undefined;
  if (local?.buildId !== version) {
    const reason = why ?? `this folder has the code of ${local?.buildId}`;
    output.warn(`warning: Nothing was replayed, since ${reason}. Run \`millrace replay\` where the code of ${version} is.`);
    return;
  }
  const temporal = await connectTemporal();
  try {
    const histories = await find(temporal, local.project);
    await quietReplay();
    const replayed = await replayAll(local.project, histories, local.bundle);
    if (!force) refuseBroken(replayed);
    const broken = replayed.filter(({ problem }) => problem !== null).length;
    if (broken > 0)
      output.warn(
        `warning: ${broken} of ${replayed.length} open runs do not replay with this code, and are to go on with it all the same.`,
      );
    else
      output.text(
        `Replayed ${replayed.length} open ${replayed.length === 1 ? 'run' : 'runs'} that would go on with this code: all do.`,
      );
  } finally {
    await temporal.close();
  }
}

async function localVersion(directory: string): Promise<LocalVersion> {
  const project = await loadProject(directory);
  const bundle = await bundleOf(project);
  return { project, bundle, buildId: await buildIdOf(project, bundle) };
}
