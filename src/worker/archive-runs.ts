import { startArchiver, type Archiver, type ArchiverSettings } from '../archive/archiver.js';
import { openArchive } from '../archive/open-archive.js';
import { archivePlace } from '../config/archive-place.js';
import type { LoadedProject } from '../config/load.js';

/** Archives a project's closed runs, unless the config has no archive. */
export function archiveRuns(project: LoadedProject, settings: Pick<ArchiverSettings, 'catalog' | 'temporal' | 'log'>): Archiver {
  const place = archivePlace(project);
  if (!place) return { stop: () => Promise.resolve() };
  const files = openArchive(place, project.engine.spillDirectory);
  const archiver = startArchiver({ ...settings, files });
  let stopping: Promise<void> | undefined;
  return {
    stop: () => (stopping ??= archiver.stop().then(() => files.close())),
  };
}
