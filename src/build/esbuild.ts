import { projectTool } from '../config/project-tool.js';
import { TerminalError } from '../core/errors.js';

/** What is used of esbuild, in its own words. */
export interface Esbuild {
  build(options: EsbuildOptions): Promise<{ readonly outputFiles: readonly OutputFile[] }>;
  stop(): Promise<void>;
}

export interface OutputFile {
  readonly path: string;
  readonly contents: Uint8Array;
}

interface EsbuildOptions {
  readonly entryPoints: readonly string[];
  readonly absWorkingDir: string;
  readonly outfile: string;
  readonly plugins: readonly EsbuildPlugin[];
  readonly [option: string]: unknown;
}

export interface EsbuildPlugin {
  readonly name: string;
  readonly setup: (build: PluginBuild) => void;
}

interface PluginBuild {
  onResolve(filter: { readonly filter: RegExp }, resolve: (request: ResolveRequest) => Promise<Resolution | undefined>): void;
  resolve(
    specifier: string,
    from: { readonly resolveDir: string; readonly kind: string; readonly importer: string; readonly pluginData: unknown },
  ): Promise<{ readonly path: string; readonly errors: readonly EsbuildMessage[]; readonly external: boolean }>;
}

export interface ResolveRequest {
  readonly path: string;
  readonly importer: string;
  readonly resolveDir: string;
  readonly kind: string;
  readonly pluginData: unknown;
}

export interface Resolution {
  readonly path?: string;
  readonly external?: boolean;
  readonly errors?: readonly { readonly text: string }[];
}

/** A complaint about the project's code. */
export interface EsbuildMessage {
  readonly text: string;
  readonly location: { readonly file: string; readonly line: number; readonly column: number } | null;
}

/**
 * The compiler that tsx brings: a build is made by the same one that loads the project in development, so both understand
 * its TypeScript alike.
 *
 * @throws TerminalError TOOL_MISSING when tsx is not installed
 */
export function loadEsbuild(directory: string): Esbuild {
  try {
    return projectTool(directory, 'tsx')('esbuild') as Esbuild;
  } catch (error) {
    throw new TerminalError(
      'TOOL_MISSING',
      'A build needs the npm package tsx, whose compiler it uses, and it is not installed. Install it with `npm install --save-dev tsx`.',
      {},
      { cause: error },
    );
  }
}
