import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FetchRequest } from './temporal-download.js';

const MODULE = 'github.com/temporalio/cli';
const LIMIT_MS = 20 * 60_000;
const REPORT_EVERY_MS = 15_000;

/**
 * Builds Temporal's CLI with Go and gives the program's path. Takes about four minutes on two cores; says so, and how
 * long it has been at it. Rejects within seconds when Go is missing or can't reach its modules.
 */
export async function goInstallTemporal(request: FetchRequest): Promise<string> {
  await mkdir(dirname(request.folder), { recursive: true });
  const work = await mkdtemp(`${request.folder}.build-`);
  const env = { ...request.env, GOBIN: work };
  try {
    await go(['list', '-m', `${MODULE}@v${request.version}`], env, request.answerTimeoutMs);
    await build(request, env);
    await mkdir(request.folder, { recursive: true });
    const program = join(request.folder, 'temporal');
    await rename(join(work, 'temporal'), program);
    return program;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function build(request: FetchRequest, env: NodeJS.ProcessEnv): Promise<void> {
  const started = Date.now();
  request.notice(`Building Temporal's CLI ${request.version} with Go: about 4 minutes, once on this machine …`);
  const report = setInterval(
    () => request.notice(`… still building (${Math.round((Date.now() - started) / 1000)} s)`),
    REPORT_EVERY_MS,
  );
  try {
    await go(['install', `${MODULE}/cmd/temporal@v${request.version}`], env, LIMIT_MS);
    request.notice(`Built in ${Math.round((Date.now() - started) / 1000)} s.`);
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
