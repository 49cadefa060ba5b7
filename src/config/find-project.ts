import { existsSync } from 'node:fs';
import path from 'node:path';
import { TerminalError } from '../core/errors.js';
import { BUILD_FOLDER, findBuild } from './build-manifest.js';

const CONFIG_NAMES = ['millrace.config.ts', 'millrace.config.js', 'millrace.config.mjs'];

/** Where a project is. All paths are absolute. */
export interface ProjectPlace {
  readonly directory: string;
  readonly root: string;
  readonly file: string;
  readonly bundlePath?: string;
  readonly warnings: readonly string[];
}

/**
 * Finds the sources of a project in a folder, or a build: its own, or where there are no sources the one within.
 *
 * @throws TerminalError CONFIG_INVALID when there is neither; BUILD_UNUSABLE
 */
export function findProject(folder: string): ProjectPlace {
  const file = findConfigFile(folder);
  const build = findBuild(folder) ?? (file ? undefined : findBuild(path.join(folder, BUILD_FOLDER)));
  if (build) return { ...build, file: build.configFile };
  if (file) return { directory: folder, root: folder, file, warnings: [] };
  const isMissingBuild = findConfigFile(path.dirname(folder)) && path.basename(folder) === BUILD_FOLDER;
  throw new TerminalError(
    'CONFIG_INVALID',
    isMissingBuild
      ? `There is no build in ${folder}. Make it with \`millrace build\` in ${path.dirname(folder)}.`
      : `No ${CONFIG_NAMES[0]} in ${folder}. Go to a project's folder, or name it with --project; \`millrace init\` begins one.`,
  );
}

/** The config in a folder, whatever its kind. */
export function findConfigFile(folder: string): string | undefined {
  return CONFIG_NAMES.map((name) => path.join(folder, name)).find((candidate) => existsSync(candidate));
}
