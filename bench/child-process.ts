import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** What a process has used since it began. */
export interface Usage {
  /** CPU seconds of all its threads. */
  readonly cpuS: number;
  /** Peak resident memory. */
  readonly peakMiB: number;
}

/** A worker in a process of its own. */
export interface WorkerProcess {
  readonly pid: number;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** Runs a script of this folder to its end and gives the JSON it prints. */
export async function runScript<T>(script: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<T> {
  const child = spawn(process.execPath, [absolute(script), ...args], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${script} ended with code ${String(code)}; its own words are above.`);
  return JSON.parse(output) as T;
}

/** Starts the worker of the project in a folder of this one; it polls when this returns. */
export function startWorkerProcess(project: string, environment: NodeJS.ProcessEnv): Promise<WorkerProcess> {
  return startScript('worker-main.mjs', [absolute(project)], environment);
}

/** Starts a script of this folder that works as a worker does: it tells when it polls, and what it has used when asked. */
export async function startScript(
  script: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [absolute(script), ...args], {
    env: environment,
    // What the worker logs belongs to progress, not to the result.
    stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The worker ended with code ${String(code)}; its own words are above.`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return {
    pid: child.pid ?? 0,
    async usage() {
      child.send('usage');
      const [usage] = (await Promise.race([once(child, 'message'), ended])) as [Usage];
      return usage;
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await ended.catch(() => undefined);
    },
  };
}

function absolute(relative: string): string {
  return path.join(import.meta.dirname, relative);
}
