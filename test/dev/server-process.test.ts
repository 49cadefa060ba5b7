import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startServerProcess } from '../../src/dev/server-process.js';

test('a server is told to stop with its signal, and its last lines are kept', async () => {
  const server = shell('trap "echo stopping; exit 3" TERM; echo one; echo two; while :; do sleep 0.05; done');
  await lines(server, 'two');
  await server.stop();
  expect(await server.ended).toBe('exited with code 3');
  expect(server.lastLines(2)).toBe('two\nstopping');
  expect(server.running()).toBe(false);
});

test('a server that does not listen is killed', async () => {
  const server = shell('trap "" TERM; echo up; while :; do sleep 0.05; done', 200);
  await lines(server, 'up');
  await server.stop();
  expect(await server.ended).toBe('ended by SIGKILL');
});

test('a program that is not there is reported, not thrown', async () => {
  const server = startServerProcess({ command: '/nowhere/program', args: [], stopSignal: 'TERM' });
  expect(await server.ended).toBe('exited with code 127');
  expect(server.lastLines()).toContain('/nowhere/program');
});

test('a server goes when the process that started it is killed outright', async () => {
  const module = new URL('../../src/dev/server-process.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then(({ startServerProcess }) => {
    console.log(startServerProcess({ command: 'sleep', args: ['60'], stopSignal: 'TERM' }).pid);
  });`;
  const owner = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  for (let tries = 0; tries < 100 && isAlive(pid); tries++) await sleep(50);
  expect(isAlive(pid)).toBe(false);
});

function shell(script: string, stopTimeoutMs?: number) {
  return startServerProcess({ command: '/bin/sh', args: ['-c', script], stopSignal: 'TERM', stopTimeoutMs });
}

function lines(server: ReturnType<typeof shell>, wanted: string): Promise<void> {
  return new Promise((resolve) => server.onLine((line) => line === wanted && resolve()));
}

/** A process that has ended but waits for its parent to ask about it is not alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
