import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { isBuilt } = (await import(join(ROOT, 'scripts', 'build-dist.mjs'))) as { readonly isBuilt: () => boolean };

/** The built program where it is of today's sources, as under `npm test`: it starts in half the time. */
export const PROGRAM = isBuilt()
  ? [join(ROOT, 'dist', 'src', 'cli', 'main.js')]
  : ['--import', 'tsx', join(ROOT, 'src', 'cli', 'main.ts')];

/** The `millrace` program at work, started as a person at a terminal does. */
export interface RunningCommand {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  readonly printed: () => { readonly stdout: string; readonly stderr: string };
  /** Waits until its stdout holds a text. Rejects when it ends before. */
  readonly until: (text: string) => Promise<void>;
  readonly end: Promise<CommandResult>;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function startMillrace(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCommand {
  const child = spawn(process.execPath, [...PROGRAM, ...args], {
    env: { ...process.env, FORCE_COLOR: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const end = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    process: child,
    printed: () => ({ stdout, stderr }),
    async until(text) {
      const seen = new Promise<void>((resolve) => {
        const look = (): void => void (stdout.includes(text) && resolve());
        child.stdout.on('data', look);
        look();
      });
      const ended = end.then((result) =>
        Promise.reject(new Error(`It ended without printing "${text}": ${JSON.stringify(result)}`)),
      );
      await Promise.race([seen, ended]);
    },
    end,
  };
}

/** Runs `millrace` to its end. */
export function millrace(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<CommandResult> {
  return startMillrace(args, env).end;
}

/** The JSON objects of a stream, one a line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
