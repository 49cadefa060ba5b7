import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const LIMIT_MS = 20 * 60_000;
const REPORT_EVERY_MS = 15_000;

/** A program that is built from the Go module proxy. */
export interface GoProgram {
  /** For people: `Temporal's CLI 1.5.1`. */
  readonly title: string;
  readonly module: string;
  /** Below the module; its last segment is the program's name. */
  readonly command: string;
  readonly version: string;
  /** For people: about how long it takes on two cores. */
  readonly takes: string;
}

export interface BuildRequest {
  /** Where the program goes, under its name. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long the module proxy may take to answer. */
  readonly answerTimeoutMs: number;
  readonly notice: (line: string) => void;
}

/**
 * Builds a program with Go and gives its path. Takes minutes; says so, and how long it has been at it. Rejects within
 * seconds when Go is missing or can't reach its modules.
 */
export async function goInstall(program: GoProgram, request: BuildRequest): Promise<string> {
  const name = program.command.split('/').at(-1) ?? '';
  await mkdir(dirname(request.folder), { recursive: true });
  const work = await mkdtemp(`${request.folder}.build-`);
  const env = { ...request.env, GOBIN: work };
  try {
    await go(['list', '-m', `${program.module}@v${program.version}`], env, request.answerTimeoutMs);
    await build(program, request, env);
    await mkdir(request.folder, { recursive: true });
    const file = join(request.folder, name);
    await rename(join(work, name), file);
    return file;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function build(program: GoProgram, { notice }: BuildRequest, env: NodeJS.ProcessEnv): Promise<void> {
  const started = Date.now();
  notice(`Building ${program.title} with Go: about ${program.takes}, once on this machine …`);
  const report = setInterval(() => notice(`… still building (${Math.round((Date.now() - started) / 1000)} s)`), REPORT_EVERY_MS);
  try {
    await go(['install', `${program.module}/${program.command}@v${program.version}`], env, LIMIT_MS);
    notice(`Built in ${Math.round((Date.now() - started) / 1000)} s.`);
  } finally {
    clearInterval(report);
  }
}

/** Runs Go outside of any module, so that a go.mod near by does not matter. */
function go(args: readonly string[], env: NodeJS.ProcessEnv, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      env,
      cwd: env.GOBIN,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2_000)));
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new Error('Go is not on PATH') : error),
    );
    child.once('exit', (code, signal) => {
      if (code === 0) return resolve();
      const why = signal ? `no answer within ${Math.round(timeoutMs / 1000)} s` : complaint.trim().split('\n').at(-1);
      reject(new Error(`\`go ${args[0]}\` failed: ${why}`));
    });
  });
}
