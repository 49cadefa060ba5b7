import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BUILD_FOLDER, BUILD_MANIFEST, hashOf, type BuildManifest } from '../config/build-manifest.js';
import { findConfigFile } from '../config/find-project.js';
import { loadProject, type LoadedProject } from '../config/load.js';
import { millraceVersion } from '../config/millrace-version.js';
import { TerminalError } from '../core/errors.js';
import { bundleProject } from '../worker/index.js';
import { compiledName, compileSources, within, type Compiled } from './compile-sources.js';
import { loadEsbuild } from './esbuild.js';
import { typeCheck } from './type-check.js';

export interface BuildOptions {
  /** The project's folder. */
  readonly directory: string;
  /** The folder to write, within the project. @default 'build' */
  readonly out?: string;
  /** Whether the project has to type-check first. @default true */
  readonly typeCheck?: boolean;
}

export interface BuildResult {
  /** Absolute. */
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
  readonly bundleBytes: number;
  readonly pipelines: readonly string[];
}

const BUNDLE = 'workflows.bundle.js';

/**
 * Compiles a project for production: config, contracts and transforms as JavaScript in the places they had, the SQL files,
 * and the bundle of its pipelines. What is there of an earlier build is replaced at the end, in one step.
 *
 * @throws TerminalError TYPES_INVALID, CONFIG_INVALID, PIPELINE_NAME_MISMATCH, TOOL_MISSING; FILES_EXIST when the folder
 * holds something else than a build; COMMAND_INVALID when it is not within the project
 */
export async function buildProject(options: BuildOptions): Promise<BuildResult> {
  const root = path.resolve(options.directory);
  const target = path.resolve(root, options.out ?? BUILD_FOLDER);
  await refuseForeign(root, target);
  if (options.typeCheck !== false) await typeCheck(root);
  const project = await loadProject(root);
  refuseBuild(project);
  const { code } = await bundleProject(project);
  const files = new Map<string, Uint8Array | string>([
    [BUNDLE, code],
    ['package.json', `${JSON.stringify({ private: true, type: 'module' })}\n`],
  ]);
  const sources = await collect(project, target, files);
  const config = within(root, compiledName(findConfigFile(root) as string));
  const manifest: BuildManifest = {
    version: 1,
    millrace: millraceVersion(),
    root: within(target, root),
    config,
    bundle: BUNDLE,
    files: hashes(files),
    sources: hashes(sources),
  };
  files.set(BUILD_MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
  await replaceFolder(target, files);
  const bytes = [...files.values()].reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  return {
    directory: target,
    files: files.size,
    bytes,
    bundleBytes: Buffer.byteLength(code),
    pipelines: Object.keys(project.pipelines),
  };
}

/** Adds what the project has beside its pipelines, and gives everything that the build is made of. */
async function collect(
  project: LoadedProject,
  target: string,
  files: Map<string, Uint8Array | string>,
): Promise<Compiled['sources']> {
  const { root, config, workflowsPath } = project;
  const esbuild = loadEsbuild(root);
  try {
    const named = Object.values(config.transforms).flatMap((transform) =>
      'path' in transform ? [path.resolve(root, transform.path)] : [],
    );
    const code = [findConfigFile(root) as string, ...named.filter((file) => !file.endsWith('.sql'))];
    const compiled = await compileSources(esbuild, { directory: root, target }, code);
    // The pipelines themselves are in the bundle.
    const pipelines = await compileSources(
      esbuild,
      { directory: root, target },
      workflowsPath === undefined ? [] : [workflowsPath],
    );
    const texts = named.filter((file) => file.endsWith('.sql')).map((file) => readWithin(root, file));
    for (const [name, content] of [...compiled.outputs, ...texts]) files.set(name, content);
    return new Map([...pipelines.sources, ...compiled.sources, ...texts]);
  } finally {
    await esbuild.stop();
  }
}

function readWithin(root: string, file: string): readonly [string, Uint8Array] {
  const name = within(root, file);
  if (name.startsWith('..')) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `The SQL file ${file} is outside of the project's folder, so a build can't hold it. Move it below ${root}.`,
    );
  }
  if (!existsSync(file)) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `The SQL file ${name} of a transform is not there. Correct its path in the config.`,
    );
  }
  return [name, readFileSync(file)];
}

function hashes(files: ReadonlyMap<string, Uint8Array | string>): Record<string, string> {
  return Object.fromEntries([...files].map(([name, content]) => [name, hashOf(content)]));
}

async function refuseForeign(root: string, target: string): Promise<void> {
  const name = within(root, target);
  if (name === '' || name.startsWith('..')) {
    throw new TerminalError('COMMAND_INVALID', `A build is a folder within its project: ${target} is not one of ${root}.`);
  }
  if (!existsSync(target) || existsSync(path.join(target, BUILD_MANIFEST))) return;
  const content = await readdir(target);
  if (content.length === 0) return;
  throw new TerminalError(
    'FILES_EXIST',
    `${target} holds something else than a build (${content.slice(0, 3).join(', ')}). Move it away, or name another folder with --out.`,
  );
}

function refuseBuild({ bundlePath, directory }: LoadedProject): void {
  if (bundlePath === undefined) return;
  throw new TerminalError('COMMAND_INVALID', `${directory} is a build itself. Build in the folder of the project's sources.`);
}

/** Writes beside the folder and renames, so that an interrupted build leaves the last good one. */
async function replaceFolder(target: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  const fresh = `${target}.${process.pid}`;
  try {
    for (const [name, content] of files) {
      const file = path.join(fresh, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    // It has to load as production will load it, before it takes the place of one that does.
    await loadProject(fresh);
    const old = `${fresh}.old`;
    if (existsSync(target)) await rename(target, old);
    try {
      await rename(fresh, target);
    } catch (error) {
      if (existsSync(old)) await rename(old, target);
      throw error;
    }
    await rm(old, { recursive: true, force: true });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
