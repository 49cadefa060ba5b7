import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError } from '../core/errors.js';
import type { Esbuild, EsbuildMessage, EsbuildPlugin, OutputFile, ResolveRequest, Resolution } from './esbuild.js';

/** Code of a project, each file on its own and in its place, so that `import.meta` and relative paths keep their meaning. */
export interface Compiled {
  /** What is written, by its path within the project with another extension. */
  readonly outputs: ReadonlyMap<string, Uint8Array>;
  /** What was read, by its path within the project. */
  readonly sources: ReadonlyMap<string, Uint8Array>;
}

interface Places {
  /** The project's folder. */
  readonly directory: string;
  /** The folder in which the outputs will be; source maps lead from there. */
  readonly target: string;
}

/**
 * Compiles files of a project and whatever of the project they import to JavaScript. Packages stay imports.
 *
 * @param entries absolute paths
 * @throws TerminalError CONFIG_INVALID with file, line and column of what does not compile
 */
export async function compileSources(
  esbuild: Esbuild,
  { directory, target }: Places,
  entries: readonly string[],
): Promise<Compiled> {
  const outputs = new Map<string, Uint8Array>();
  const sources = new Map<string, Uint8Array>();
  const waiting = [...new Set(entries)];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const name = within(directory, file);
    if (sources.has(name)) continue;
    sources.set(name, await readFile(file));
    for (const output of await compileFile(esbuild, { directory, target }, file, (found) => waiting.push(found))) {
      outputs.set(within(target, output.path), output.contents);
    }
  }
  return { outputs, sources };
}

/** The path of a file within a folder, with `/` between segments. */
export function within(directory: string, file: string): string {
  return path.relative(directory, file).split(path.sep).join('/');
}

/** The name of a source file after compilation. */
export function compiledName(file: string): string {
  return file.replace(/\.(m|c)?tsx?$/, '.$1js');
}

const CODE = /\.(m|c)?(t|j)sx?$/;

async function compileFile(
  esbuild: Esbuild,
  { directory, target }: Places,
  file: string,
  found: (file: string) => void,
): Promise<readonly OutputFile[]> {
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [file],
      absWorkingDir: directory,
      outfile: path.join(target, compiledName(within(directory, file))),
      plugins: [keepModules(directory, found)],
      // Bundling, with every module kept out, is what makes esbuild ask where imports lead.
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'linked',
      sourcesContent: false,
      logLevel: 'silent',
    });
    return outputFiles;
  } catch (error) {
    const { errors } = error as { readonly errors?: readonly EsbuildMessage[] };
    if (!errors) throw error;
    throw new TerminalError('CONFIG_INVALID', `The project does not compile:\n${errors.map(complaint).join('\n')}`);
  }
}

function complaint({ text, location }: EsbuildMessage): string {
  return location ? `  - ${location.file}:${location.line}:${location.column + 1}: ${text}` : `  - ${text}`;
}

/** Leaves each import an import: of packages as it is written, of the project's own files by the name they will have. */
function keepModules(directory: string, found: (file: string) => void): EsbuildPlugin {
  return {
    name: 'keep-modules',
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (request): Promise<Resolution | undefined> => {
        if (request.kind === 'entry-point' || request.pluginData === RESOLVING) return undefined;
        const { resolveDir, kind, importer } = request;
        const resolved = await build.resolve(request.path, { resolveDir, kind, importer, pluginData: RESOLVING });
        const isRelative = request.path.startsWith('.');
        if (resolved.external || resolved.errors.length > 0 || resolved.path.includes(`${path.sep}node_modules${path.sep}`)) {
          // esbuild itself says best what is wrong with a file that is not there.
          return isRelative ? undefined : { path: request.path, external: true };
        }
        const name = within(directory, resolved.path);
        if (name.startsWith('..')) return isRelative ? outside(request, resolved.path) : { path: request.path, external: true };
        // What is no code, as JSON, becomes part of the file that imports it.
        if (!CODE.test(name)) return undefined;
        found(resolved.path);
        const target = path.relative(path.dirname(importer), compiledName(resolved.path)).split(path.sep).join('/');
        return { path: target.startsWith('.') ? target : `./${target}`, external: true };
      });
    },
  };
}

const RESOLVING = Symbol('resolving');

function outside(request: ResolveRequest, file: string): Resolution {
  return {
    errors: [
      { text: `"${request.path}" leads to ${file}, outside of the project's folder. Make a package of it, and import that.` },
    ],
  };
}
