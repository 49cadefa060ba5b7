import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MemoryLimit } from './memory-limit.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOOK_MS = 200;

/** `millrace worker` in a process of its own. */
export interface WorkerProcess {
  /** Steps that it does at once, as it says. */
  readonly steps: number;
  /** Resident memory at its highest, of the process with everything in it. */
  peakBytes(): number;
  /** How it ended, once it has. */
  readonly end: Promise<string>;
  stop(): Promise<void>;
}

/** Starts it, and waits until it polls. */
export async function startWorker(
  project: string,
  environment: Readonly<Record<string, string>>,
  limit: MemoryLimit | undefined,
): Promise<WorkerProcess> {
  const script = `${limit ? `${limit.join} && ` : ''}exec "$@"`;
  const command = [process.execPath, join(ROOT, 'bin', 'millrace.js'), 'worker', '--json', '--project', project];
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...command], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  let [text, errors, peak] = ['', '', 0];
  const exited = once(child, 'exit').then(([code, signal]) => `exit code ${code}, signal ${signal}\n${errors.slice(-2_000)}`);
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  const ready = new Promise<number>((resolve) =>
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const lines = text.split('\n').slice(0, -1);
      const line = lines.find((each) => each.includes('"ready"'));
      if (line !== undefined) resolve((JSON.parse(line) as { readonly steps: number }).steps);
    }),
  );
  const looking = setInterval(() => (peak = Math.max(peak, peakOf(child.pid))), LOOK_MS);
  void exited.finally(() => clearInterval(looking));
  const steps = await Promise.race([ready, exited.then((how) => Promise.reject(new Error(`The worker did not start: ${how}`)))]);
  return {
    steps,
    peakBytes: () => peak,
    end: exited,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function peakOf(pid: number | undefined): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
