import { spawn } from 'node:child_process';
import { messageOf } from '../core/errors.js';

export interface BoundedOptions {
  /** After this long the process is killed. */
  readonly limitMs: number;
  /** Killed earlier, unless its output has matched by then. */
  readonly answer?: { readonly pattern: RegExp; readonly limitMs: number };
}

export type BoundedResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/**
 * Runs a program to its end, or kills it at its limit. Never rejects: a program that is missing is a reason as well.
 * The reason is one line: the last words of its output.
 */
export function runBounded(command: string, args: readonly string[], options: BoundedOptions): Promise<BoundedResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let killed: string | undefined;
    const kill = (limitMs: number): void => {
      killed = `no result within ${limitMs / 1000} s`;
      child.kill('SIGKILL');
    };
    const timers = [setTimeout(() => kill(options.limitMs), options.limitMs)];
    const { answer } = options;
    if (answer) timers.push(setTimeout(() => answer.pattern.test(output) || kill(answer.limitMs), answer.limitMs));
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-8_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const finish = (result: BoundedResult): void => {
      for (const timer of timers) clearTimeout(timer);
      resolve(result);
    };
    child.on('error', (error) => finish({ ok: false, reason: messageOf(error) }));
    child.on('close', (code) => finish(code === 0 ? { ok: true } : { ok: false, reason: killed ?? lastWords(output, code) }));
  });
}

function lastWords(output: string, code: number | null): string {
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.find((line) => /error/i.test(line)) ?? lines.findLast((line) => line !== '');
  return (telling ?? `exit code ${String(code)}`).slice(0, 300);
}
