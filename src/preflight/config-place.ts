import { relativeTo } from '../config/import-failure.js';
import type { LoadedProject } from '../config/load.js';
import { locateInConfig } from '../config/locate.js';
import type { Place } from '../core/problems.js';

/** Where the config has a key: its file, as people know it from the project's folder, with the line. */
export function placeIn(
  { directory, configPath }: Pick<LoadedProject, 'directory' | 'configPath'>,
  where: readonly string[],
): Place {
  return { file: relativeTo(directory, configPath), ...locateInConfig(configPath, where) };
}
