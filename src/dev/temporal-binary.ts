import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TerminalError, messageOf } from '../core/errors.js';
import { cacheFolder } from '../engine/cache-folder.js';
import { goInstall } from './go-install.js';
import { downloadTemporal, type FetchRequest } from './temporal-download.js';
import { TEMPORAL_CLI_VERSION } from './temporal-settings.js';

/** The `temporal` program and how it was come by, in words for people. */
export interface TemporalBinary {
  readonly path: string;
  readonly origin: string;
}

export interface ObtainOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Told, line by line, what is tried. */
  readonly notice?: (line: string) => void;
  /** How long the download's host may take to answer. @default 5000 */
  readonly answerTimeoutMs?: number;
}

/** The origin of a program that a person can call by its bare name. */
export const ON_PATH = 'found on PATH';

/** Looks for `temporal` on PATH, in Go's bin folder and in the cache; fetches nothing. */
export function findTemporal(env: NodeJS.ProcessEnv = process.env): TemporalBinary | null {
  const onPath = firstProgram((env.PATH ?? '').split(delimiter).filter(Boolean));
  if (onPath) return { path: onPath, origin: ON_PATH };
  const inGo = firstProgram(goFolders(env));
  if (inGo) return { path: inGo, origin: "found in Go's bin folder" };
  const cached = firstProgram([cachedFolder(env)]);
  return cached ? { path: cached, origin: 'cached copy' } : null;
}

/**
 * The `temporal` program: found, or else fetched into the cache by download or by `go install`.
 *
 * @throws TerminalError TOOL_MISSING naming every way there is, within seconds where none of them works
 */
export async function obtainTemporal(options: ObtainOptions = {}): Promise<TemporalBinary> {
  const env = options.env ?? process.env;
  const notice = options.notice ?? ((): void => undefined);
  const found = findTemporal(env);
  if (found) return found;
  const folder = cachedFolder(env);
  const failures: string[] = [];
  const ways = { download: downloadTemporal, 'go install': goInstallTemporal };
  for (const [way, fetchInto] of Object.entries(ways)) {
    try {
      const path = await fetchInto({
        folder,
        env,
        notice,
        version: TEMPORAL_CLI_VERSION,
        answerTimeoutMs: options.answerTimeoutMs ?? 5_000,
      });
      return { path, origin: `fetched by ${way}` };
    } catch (error) {
      failures.push(`- ${way}: ${messageOf(error)}`);
      notice(`Temporal by ${way}: ${messageOf(error)}`);
    }
  }
  throw nowhere(failures, folder);
}

/** Where fetched copies are kept. */
export function cachedFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), `temporal-${TEMPORAL_CLI_VERSION}`);
}

function goInstallTemporal(request: FetchRequest): Promise<string> {
  const { version } = request;
  const title = `Temporal's CLI ${version}`;
  return goInstall({ title, module: 'github.com/temporalio/cli', command: 'cmd/temporal', version, takes: '4 minutes' }, request);
}

function goFolders(env: NodeJS.ProcessEnv): string[] {
  const goPaths = (env.GOPATH ?? '').split(delimiter).filter(Boolean);
  const home = join(env.HOME || homedir(), 'go');
  return [...(env.GOBIN ? [env.GOBIN] : []), ...[...goPaths, home].map((path) => join(path, 'bin'))];
}

function firstProgram(folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, 'temporal')).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function nowhere(failures: readonly string[], folder: string): TerminalError {
  return new TerminalError(
    'TOOL_MISSING',
    `Temporal's CLI, which holds its dev server, is not on PATH, not in Go's bin folder and not in ${folder}, and could not be fetched:\n` +
      `${failures.join('\n')}\n` +
      `Do one of these, then start again:\n` +
      `- set TEMPORAL_ADDRESS to a Temporal server that runs\n` +
      `- install the CLI (https://docs.temporal.io/cli) so that \`temporal\` is on PATH\n` +
      `- install Go, and Millrace builds it: go install github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}\n` +
      `- run \`docker compose up\` for a Temporal server in Docker`,
  );
}
