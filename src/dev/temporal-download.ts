import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

const HOST = 'https://temporal.download';
const PLATFORMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin' };
const PROCESSORS: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const STALL_MS = 15_000;

export interface FetchRequest {
  /** Where the program goes, under the name `temporal`. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly answerTimeoutMs: number;
  readonly notice: (line: string) => void;
}

/**
 * Downloads Temporal's CLI from the host that Temporal's own SDKs use, and gives the program's path.
 * Rejects within `answerTimeoutMs` when the host can't be reached, and when a started download stalls for 15 s.
 */
export async function downloadTemporal(request: FetchRequest): Promise<string> {
  const system = PLATFORMS[platform()];
  const processor = PROCESSORS[arch()];
  if (!system || !processor) throw new Error(`no build for ${platform()} on ${arch()}`);
  const { archiveUrl, fileToExtract } = await locate(
    `${HOST}/cli/v${request.version}?platform=${system}&arch=${processor}`,
    request.answerTimeoutMs,
  );
  request.notice(`Downloading Temporal's CLI ${request.version} from ${new URL(archiveUrl).host} …`);
  await mkdir(dirname(request.folder), { recursive: true });
  const work = await mkdtemp(`${request.folder}.part-`);
  try {
    const archive = join(work, 'archive.tar.gz');
    await save(archiveUrl, archive);
    await unpack(archive, work, fileToExtract);
    await chmod(join(work, fileToExtract), 0o755);
    await mkdir(request.folder, { recursive: true });
    const program = join(request.folder, 'temporal');
    await rename(join(work, fileToExtract), program);
    return program;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function locate(url: string, timeoutMs: number): Promise<{ archiveUrl: string; fileToExtract: string }> {
  const answer = await reach(url, AbortSignal.timeout(timeoutMs));
  const body = (await answer.json()) as { archiveUrl?: unknown; fileToExtract?: unknown };
  if (typeof body.archiveUrl !== 'string' || typeof body.fileToExtract !== 'string')
    throw new Error(`${url} gave an answer of another form`);
  return { archiveUrl: body.archiveUrl, fileToExtract: body.fileToExtract };
}

async function reach(url: string, signal: AbortSignal): Promise<Response> {
  const answer = await fetch(url, { signal }).catch((error: Error & { cause?: Error }) => {
    throw new Error(`${new URL(url).host} can't be reached (${error.cause?.message ?? error.message})`);
  });
  if (!answer.ok) throw new Error(`${new URL(url).host} answered ${answer.status}`);
  return answer;
}

async function save(url: string, file: string): Promise<void> {
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(new Error('the download stalled')), STALL_MS);
  try {
    const answer = await reach(url, stalled.signal);
    if (!answer.body) throw new Error(`${new URL(url).host} sent nothing`);
    const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>).on('data', () => {
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(new Error('the download stalled')), STALL_MS);
    });
    await pipeline(body, createWriteStream(file));
  } finally {
    clearTimeout(timer);
  }
}

function unpack(archive: string, folder: string, member: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const tar = spawn('tar', ['-xzf', archive, '-C', folder, member], { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    tar.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    tar.once('error', reject);
    tar.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`the archive can't be unpacked: ${complaint.trim()}`)),
    );
  });
}
