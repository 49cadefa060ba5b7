import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Checkpoint, RemoteParts } from '../connectors/contract.js';
import { TerminalError, TransientError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { hashFile } from '../disk/hash-file.js';
import { requireConditionalWrites } from '../object-store/conditional.js';
import { attachStore, isPlainUrl } from '../object-store/duckdb.js';
import { storeOptions, storeRoot } from '../object-store/options.js';
import { openStore, type ObjectStore } from '../object-store/store.js';
import { download } from '../object-store/transfer.js';
import { bucketInventory } from './bucket-inventory.js';
import { attemptName, removeDeadAttempts } from './dead-attempts.js';
import { fileSize, folderBytes } from './durable-files.js';
import { bucketStagingId } from './staging-id.js';
import type { StagedDataset, Staging, StagingAttempt } from './staging.js';
import { complete, datasetFolder, isOwn, manifestUri, stagedFiles, type AttemptFiles } from './staging-manifest.js';

/**
 * Staging in a bucket. An attempt writes on this machine, uploads its files under a name of its own, and then the manifest on
 * condition that there is none: a dataset exists if and only if its manifest does, and of two attempts the first counts.
 */
export function openBucketStaging(root: string, s3: Readonly<Record<string, unknown>>, scratch: string): Staging {
  const store = openStagingStore(root, s3);
  const attempts = path.join(scratch, 'attempts');
  return {
    root: store.url(),
    secrets: store.secrets,
    remote: remoteParts(store),
    id: () => bucketStagingId(store),
    inventory: bucketInventory(store),
    find: (key, signal) => findWhole(store, key, signal),
    async read(uri) {
      const manifest = await readManifest(store, uri);
      if (manifest) return manifest;
      throw new TerminalError(
        'STAGING_MISSING',
        `The dataset ${uri} is no longer in staging (${store.url()}). Retry the run from the step that made it.`,
        { dataset: uri },
      );
    },
    async begin(key, checkpoint, signal) {
      await requireConditionalWrites(store, 'datasets');
      await removeDeadAttempts(attempts);
      return beginAttempt(store, { key, attempts, checkpoint, signal });
    },
    list: (onDamaged) => listStaged(store, onDamaged),
    async usedBytes(directory) {
      let bytes = directory === undefined ? 0 : await folderBytes(directory);
      for await (const object of store.list('datasets/')) bytes += object.bytes;
      return bytes;
    },
    async check(signal) {
      for await (const _ of store.list('datasets/', signal)) break;
      await requireConditionalWrites(store, 'datasets');
    },
    close: () => store.close(),
  };
}

/** @throws TerminalError CONFIG_INVALID, which shows no value */
function openStagingStore(root: string, s3: Readonly<Record<string, unknown>>): ObjectStore {
  const location = storeRoot.safeParse(root);
  const options = storeOptions.safeParse(s3);
  const problems = [
    ...(location.error?.issues ?? []).map((issue) => `staging.root: ${issue.message}`),
    ...(options.error?.issues ?? []).map((issue) => `${['staging.s3', ...issue.path].join('.')}: ${issue.message}`),
  ];
  if (location.success && options.success) return openStore({ location: location.data, options: options.data }, 'staging');
  throw new TerminalError('CONFIG_INVALID', `Staging in a bucket is not configured right. ${problems.join('; ')}.`);
}

interface Beginning {
  readonly key: string;
  /** The folder of all attempts of this machine. */
  readonly attempts: string;
  readonly checkpoint: Checkpoint;
  readonly signal: AbortSignal | undefined;
}

async function beginAttempt(store: ObjectStore, beginning: Beginning): Promise<StagingAttempt> {
  const { key, attempts, checkpoint, signal } = beginning;
  const name = attemptName(key);
  const directory = path.join(attempts, name);
  await mkdir(directory, { recursive: true });
  const own = `${datasetFolder(key)}/${name}`;
  const uploaded: string[] = [];
  let committed = false;
  let kept = false;
  const abandon = async (): Promise<void> => {
    if (!kept) await rm(directory, { recursive: true, force: true });
    if (!committed) for (const file of uploaded.splice(0)) await store.remove(file).catch(() => undefined);
  };
  return {
    directory,
    abandon,
    keep: () => void (kept = true),
    async commit(draft) {
      const manifest = await complete(draft, key, filesOf(store, own, directory));
      for (const { path: file } of stagedFiles(manifest)) {
        if (!file.startsWith(`${own}/`) || uploaded.includes(file)) continue;
        uploaded.push(file);
        await store.upload(file, path.join(directory, file.slice(own.length)), { signal });
      }
      await checkpoint('staging.before-rename');
      const text = `${JSON.stringify(manifest, null, 2)}\n`;
      // From here on nobody knows, should the answer be lost, whether the dataset is there: then its files must stay.
      committed = true;
      const isFirst = (await store.write(manifestUri(key), text, { condition: { absent: true }, signal })) !== undefined;
      // A request that was sent again, since its answer was lost, may have met what it wrote itself.
      committed = isFirst || (await store.text(manifestUri(key)))?.text === text;
      await abandon();
      if (committed) return { manifest, uri: manifestUri(key) };
      const first = await findWhole(store, key, signal);
      if (first) return first;
      throw new TransientError(
        'INTERRUPTED',
        `The dataset ${datasetFolder(key)} was there and is not whole; the step is tried again.`,
      );
    },
  };
}

function filesOf(store: ObjectStore, own: string, directory: string): AttemptFiles {
  return {
    settle: (file) => `${own}/${file.slice(2)}`,
    hash: (file) => (isOwn(file) ? hashFile(path.join(directory, file)) : hashObject(store, file)),
    size: (file) => fileSize(path.join(directory, file)),
  };
}

async function hashObject(store: ObjectStore, key: string): Promise<string> {
  const object = await store.head(key);
  const body = object && (await store.read(object));
  if (!body) throw gone(store, key);
  const hash = createHash('sha256');
  await pipeline(body, hash);
  return hash.digest('hex');
}

async function readManifest(store: ObjectStore, uri: string, signal?: AbortSignal): Promise<Manifest | undefined> {
  const found = await store.text(uri, signal);
  return found && (JSON.parse(found.text) as Manifest);
}

async function* listStaged(store: ObjectStore, onDamaged?: (uri: string) => void): AsyncGenerator<StagedDataset> {
  for await (const { key: uri } of store.list('datasets/')) {
    if (!/^datasets\/[^/]+\/[^/]+\/manifest\.json$/.test(uri)) continue;
    const manifest = await readManifest(store, uri).catch((error: unknown) => {
      if (!(error instanceof SyntaxError)) throw error;
      onDamaged?.(uri);
      return undefined;
    });
    if (manifest) yield { manifest, uri };
  }
}

/** The dataset of a key, if its files are there in full. The manifest of one that somebody has cut into is taken away. */
async function findWhole(store: ObjectStore, key: string, signal?: AbortSignal): Promise<StagedDataset | undefined> {
  const uri = manifestUri(key);
  const manifest = await readManifest(store, uri, signal);
  if (!manifest) return undefined;
  if (!(await isWhole(store, manifest, signal))) {
    await store.remove(uri, signal);
    return undefined;
  }
  // Who cleans up takes the manifest away first and then looks at this: either he sees the mark, or we see that it is gone.
  await store.write(usedKey(key), randomBytes(8).toString('hex'), { signal });
  return (await store.head(uri, signal)) && { manifest, uri };
}

/** The object whose last write tells who cleans up when the dataset was last used. */
export function usedKey(key: string): string {
  return `${datasetFolder(key)}/used`;
}

async function isWhole(store: ObjectStore, manifest: Manifest, signal?: AbortSignal): Promise<boolean> {
  for (const { path: file, bytes } of stagedFiles(manifest)) {
    const found = await store.head(file, signal);
    if (found === undefined || (bytes === undefined ? found.bytes === 0 : found.bytes !== bytes)) return false;
  }
  return true;
}

function remoteParts(store: ObjectStore): RemoteParts {
  return {
    async verify({ path: file, bytes }, signal) {
      const found = await store.head(file, signal);
      if (found?.bytes !== bytes) throw gone(store, file, found && `has ${found.bytes} bytes instead of ${bytes}`);
    },
    async place({ path: file, format }, { session, signal }) {
      // Staged files never change, so that DuckDB may read them piece by piece.
      if (format === 'parquet' && isPlainUrl(store.url(file))) {
        await attachStore(session, store);
        return store.url(file);
      }
      const target = path.join(await session.scratch(), `${randomBytes(6).toString('hex')}-${path.posix.basename(file)}`);
      const object = await store.head(file, signal);
      if (object && (await download(store, object, target, signal))) return target;
      throw gone(store, file);
    },
  };
}

function gone(store: ObjectStore, file: string, what = 'is gone'): TerminalError {
  return new TerminalError(
    'STAGING_MISSING',
    `The staged file ${file} below ${store.url()} ${what}. Retry the run from the step that made the dataset.`,
  );
}
