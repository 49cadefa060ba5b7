import { Runtime } from '@temporalio/worker';
import { startAlertWatch, type AlertPace } from '../alerts/watch.js';
import { startArchiver, type ArchiverSettings } from '../archive/archiver.js';
import { openArchive } from '../archive/open-archive.js';
import type { Catalog } from '../catalog/index.js';
import { archivePlace } from '../config/archive-place.js';
import type { LoadedProject } from '../config/load.js';
import { startReconciler } from '../reconciler/reconciler.js';
import type { Repeated } from '../recurring/repeat.js';
import type { TemporalClient } from '../temporal/connect.js';
import { keepPools } from './pool-keeper.js';

interface BesideSettings {
  readonly project: LoadedProject;
  readonly catalog: Catalog;
  readonly temporal: TemporalClient;
  readonly alertWatch?: AlertPace | undefined;
}

/**
 * Starts what goes on beside a worker's tasks: runs whose end nobody saw are closed, alerts go out, histories are archived, pools
 * are kept there.
 */
export function startBeside(settings: BesideSettings): Repeated {
  const told = { ...settings, log: Runtime.instance().logger };
  const all = [startReconciler(told), startAlertWatch({ ...told, ...settings.alertWatch }), keepPools(told), archiveRuns(told)];
  let stopping: Promise<unknown> | undefined;
  return {
    async stop() {
      await (stopping ??= Promise.all(all.map((each) => each.stop())));
    },
  };
}

/** Nothing where the config has no archive. */
function archiveRuns({ project, ...told }: BesideSettings & Pick<ArchiverSettings, 'log'>): Repeated {
  const place = archivePlace(project);
  if (!place) return { stop: () => Promise.resolve() };
  const files = openArchive(place, project.engine.spillDirectory);
  const archiver = startArchiver({ ...told, files });
  return { stop: () => archiver.stop().then(() => files.close()) };
}
