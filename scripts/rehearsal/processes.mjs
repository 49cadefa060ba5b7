import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../run-quietly.mjs';

const PROGRAM = join(root, 'dist', 'src', 'cli', 'main.js');

/** Starts `millrace` as an operator does, with `--json`: what it says is an object a line. */
function start(args, address) {
  const env = { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'default', MILLRACE_URL: '', FORCE_COLOR: '' };
  const child = spawn(process.execPath, [PROGRAM, ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const told = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (told.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (told.stderr += text));
  const end = once(child, 'close').then(([code]) => ({ code, ...told, data: objectsOf(told.stdout) }));
  return { child, told, end };
}

function objectsOf(text) {
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}

/**
 * Runs a command of `millrace` in a project's folder to its end.
 *
 * @param {string[]} args
 * @param {{ folder: string, address: string, fails?: boolean }} options
 * @returns {Promise<{ code: number, stdout: string, stderr: string, data: any[] }>}
 */
export async function millrace(args, { folder, address, fails = false }) {
  const ended = await start([...args, '--project', folder], address).end;
  if ((ended.code !== 0) === fails) return ended;
  throw new Error(`millrace ${args.join(' ')} ended with ${ended.code}:\n${ended.stdout}${ended.stderr}`);
}

/**
 * Starts the worker of a version, and waits until it polls.
 *
 * @param {{ folder: string, address: string, deployment: string }} options
 */
export async function startWorker({ folder, address, deployment }) {
  const { child, told, end } = start(['worker', '--deployment', deployment, '--project', folder], address);
  const ready = new Promise((resolve) => {
    const look = () => {
      const found = objectsOf(told.stdout.slice(0, told.stdout.lastIndexOf('\n') + 1)).find(({ event }) => event === 'ready');
      if (found) resolve(found);
    };
    child.stdout.on('data', look);
  });
  const died = end.then(({ code, stdout, stderr }) => {
    throw new Error(`The worker of ${folder} ended with ${code} before it polled:\n${stdout}${stderr}`);
  });
  const { standing } = await Promise.race([ready, died]);
  died.catch(() => undefined);
  return {
    standing,
    version: standing.version?.buildId,
    /** As a deploy does it: steps at work finish. */
    async stop() {
      child.kill('SIGTERM');
      return (await end).code;
    },
  };
}
