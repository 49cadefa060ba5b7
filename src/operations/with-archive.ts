import type { ArchiveFiles } from '../archive/files.js';
import { openArchive } from '../archive/open-archive.js';
import { archivePlace } from '../config/archive-place.js';
import type { LoadedProject } from '../config/load.js';

/** Works with the files of a project's archive, which are closed whatever happens; `undefined` for a project that has none. */
export async function withArchive<T>(
  project: Pick<LoadedProject, 'archive' | 'staging' | 'engine'>,
  work: (files: ArchiveFiles | undefined) => Promise<T>,
): Promise<T> {
  const place = archivePlace(project);
  const files = place && openArchive(place, project.engine.spillDirectory);
  try {
    return await work(files);
  } finally {
    await files?.close();
  }
}
