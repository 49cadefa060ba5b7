import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/dev/free-port.js';
import { goInstall } from '../../src/dev/go-install.js';
import { startServerProcess } from '../../src/dev/server-process.js';
import { cacheFolder } from '../../src/engine/cache-folder.js';
import { withFileLock } from '../../src/engine/file-lock.js';

const VERSION = '1.8.0';
const PROGRAM = {
  title: `the S3 server versitygw ${VERSION}`,
  module: 'github.com/versity/versitygw',
  command: 'cmd/versitygw',
  version: VERSION,
  takes: 'a minute',
};

/** The keys of the tests' server. */
export const S3_KEYS = { accessKeyId: 'millrace-test', secretAccessKey: 'not-a-secret-of-anybody' };

export interface S3Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** The program of a real S3 server, on a folder; built with Go into the cache when it is not there. */
export async function obtainS3Server(notice: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder(), `versitygw-${VERSION}`);
  const program = join(folder, 'versitygw');
  await mkdir(cacheFolder(), { recursive: true });
  await withFileLock(`${folder}.lock`, 30 * 60_000, async () => {
    if (!existsSync(program)) await goInstall(PROGRAM, { folder, env: process.env, answerTimeoutMs: 30_000, notice });
  });
  return program;
}

/** Starts it on a free port, or on one of its own, with its buckets below `folder`. */
export async function startS3Server(folder: string, port?: number): Promise<S3Server> {
  const program = await obtainS3Server(() => undefined);
  await mkdir(folder, { recursive: true });
  const at = port ?? (await freePort());
  const server = startServerProcess({
    command: program,
    args: ['--port', `127.0.0.1:${at}`, 'posix', folder],
    stopSignal: 'TERM',
    env: { ...process.env, ROOT_ACCESS_KEY: S3_KEYS.accessKeyId, ROOT_SECRET_KEY: S3_KEYS.secretAccessKey },
  });
  const url = `http://127.0.0.1:${at}`;
  while (!(await answers(url))) {
    if (!server.running()) throw new Error(`The S3 server ${await server.ended}:\n${server.lastLines()}`);
    await sleep(50);
  }
  return { url, stop: () => server.stop() };
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
