import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TerminalError, messageWithCode } from '../core/errors.js';
import { millraceVersion } from './millrace-version.js';

/** The name of the file that makes a folder a build; written last, so a folder with it is whole. */
export const BUILD_MANIFEST = 'millrace.build.json';

/** The folder below the project in which `millrace build` writes unless told otherwise. */
export const BUILD_FOLDER = 'build';

const AGAIN = 'Make it again with `millrace build`.';

/** What `millrace build` has made, and from what. All paths have `/` between segments. */
export interface BuildManifest {
  readonly version: 1;
  /** The Millrace whose workflow code is in the bundle: steps of another one need not fit it. */
  readonly millrace: string;
  /** The project's folder, relative to the build's: relative folders of the config count from there. */
  readonly root: string;
  readonly config: string;
  readonly bundle: string;
  /** sha256 (hex) of each file of the build, by its path within. */
  readonly files: Readonly<Record<string, string>>;
  /** sha256 (hex) of each file it was made from, by its path within the project. */
  readonly sources: Readonly<Record<string, string>>;
}

/** A build on disk, found whole. All paths are absolute. */
export interface Build {
  readonly directory: string;
  readonly root: string;
  readonly configFile: string;
  readonly bundlePath: string;
  /** What a person should know before it is used: that its sources have changed since. */
  readonly warnings: readonly string[];
}

/**
 * Finds the build in a folder, and holds every file of it against the manifest.
 *
 * @throws TerminalError BUILD_UNUSABLE when a file is missing or changed, or another Millrace made it
 */
export function findBuild(directory: string): Build | undefined {
  const file = path.join(directory, BUILD_MANIFEST);
  if (!existsSync(file)) return undefined;
  const manifest = readManifest(file);
  if (manifest.millrace !== millraceVersion()) {
    throw unusable(directory, `was made by Millrace ${manifest.millrace}, and this is Millrace ${millraceVersion()}. ${AGAIN}`);
  }
  const damaged = changed(directory, manifest.files);
  if (damaged.length > 0) {
    throw unusable(directory, `is not as it was made: ${damaged.join(', ')} missing or changed. ${AGAIN}`);
  }
  const root = path.resolve(directory, manifest.root);
  const newer = changed(root, manifest.sources, { ignoreMissing: true });
  return {
    directory,
    root,
    configFile: path.join(directory, manifest.config),
    bundlePath: path.join(directory, manifest.bundle),
    warnings: newer.length === 0 ? [] : [stale(directory, newer)],
  };
}

/** sha256 (hex) of a file, or of nothing where there is none. */
export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function readManifest(file: string): BuildManifest {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as BuildManifest;
  } catch {
    throw unusable(path.dirname(file), `has a damaged ${BUILD_MANIFEST}. Make it again with \`millrace build\`.`);
  }
}

/** The files that are not what they were. In production the sources are usually not there at all. */
function changed(
  directory: string,
  files: Readonly<Record<string, string>>,
  { ignoreMissing = false }: { readonly ignoreMissing?: boolean } = {},
): string[] {
  return Object.entries(files).flatMap(([name, hash]) => {
    const file = path.join(directory, name);
    if (!existsSync(file)) return ignoreMissing ? [] : [name];
    return hashOf(readFileSync(file)) === hash ? [] : [name];
  });
}

function unusable(directory: string, why: string): TerminalError {
  return new TerminalError('BUILD_UNUSABLE', `The build in ${directory} ${why}`);
}

function stale(directory: string, newer: readonly string[]): string {
  const message = `The build in ${directory} is older than its sources: ${newer.join(', ')} changed since. ${AGAIN}`;
  return messageWithCode(new TerminalError('BUILD_STALE', message));
}
