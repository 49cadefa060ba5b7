import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Runs a program to its end and shows what it wrote only when it fails; then this process exits with its code. While it
 * takes long, says for how long.
 */
export async function runQuietly(command, args, { title, hint, slow = 'please wait' }) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  process.stderr.write(`${title} …\n`);
  const report = setInterval(() => process.stderr.write(`  still at it after ${seconds()} s: ${slow}\n`), 8_000);
  const { code, output } = await run(command, args);
  clearInterval(report);
  process.stderr.write(code === 0 ? `  done in ${seconds()} s\n` : `${output.trimEnd()}\n\n${title} failed. ${hint}\n`);
  if (code !== 0) process.exit(code);
}

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    const pass = (signal) => child.kill(signal);
    process.once('SIGINT', pass).once('SIGTERM', pass);
    const finish = (code, text) => {
      process.off('SIGINT', pass).off('SIGTERM', pass);
      resolve({ code, output: Buffer.concat(chunks).toString() + text });
    };
    child.once('error', (error) => finish(127, `${command} can't be started: ${error.message}\n`));
    child.once('close', (code, signal) => finish(code ?? { SIGINT: 130, SIGTERM: 143 }[signal] ?? 1, ''));
  });
}
