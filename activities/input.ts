import type { RemoteParts } from '../src/connectors/contract.js';
import { TerminalError } from '../src/core/errors.js';
import type { Manifest, Part } from '../src/core/manifest.js';
import { isInPlace, isRemote } from '../src/core/place.js';
import { verifyParts } from '../src/engine/part-files.js';
import { withConnection } from './connection.js';
import { explainUnreachable } from './not-shared.js';
import type { Services } from './services.js';
import type { StepCall } from './step-call.js';

/** A dataset, as one step reads it. */
export interface OpenedInput {
  /** The dataset, with the paths by which the step's session reads its files. */
  readonly manifest: Manifest;
  /** Whether other sessions on this machine can read them by the same paths. */
  readonly isLocal: boolean;
  /** Proves that every part is still the file that was referred to. */
  verify(): Promise<void>;
  /** Parts as a manifest names them, of parts that have this step's paths. */
  restore(parts: readonly Part[]): readonly Part[];
}

/** What reads a part that is not on a disk; `undefined` for one that is. */
type RemoteOf = (part: Part) => RemoteParts | undefined;

/** Requests to a store at a time. */
const AT_ONCE = 8;

/**
 * Prepares a dataset for reading: proves that its files are the ones that were referred to, and lets the session read those that
 * are not on this machine, where they are or as copies.
 *
 * @throws TerminalError FILE_CHANGED, FILE_MISSING, STAGING_MISSING
 */
export async function openInput(services: Services, call: StepCall, manifest: Manifest): Promise<OpenedInput> {
  const originals = new Map<string, string>();
  const parts = await withRemotes(services, call, manifest.parts, async (remoteOf) => {
    await verifyAll(services, call, manifest, remoteOf);
    return inTurn(manifest.parts, async (part) => {
      const placed = await place(services, call, part, remoteOf(part));
      originals.set(placed.path, part.path);
      if (placed.deletes !== undefined) originals.set(placed.deletes, part.deletes as string);
      if (placed.places !== undefined) originals.set(placed.places, part.places as string);
      return placed;
    });
  });
  const original = (path: string): string => originals.get(path) ?? path;
  return {
    manifest: { ...manifest, parts },
    isLocal: !isRemote(services.staging.root) && parts.every(({ path }) => !isRemote(path)),
    verify: () => withRemotes(services, call, manifest.parts, (remoteOf) => verifyAll(services, call, manifest, remoteOf)),
    restore: (made) =>
      made.map((part) => ({
        ...part,
        path: original(part.path),
        ...(part.deletes !== undefined && { deletes: original(part.deletes) }),
        ...(part.places !== undefined && { places: original(part.places) }),
      })),
  };
}

async function place({ staging }: Services, call: StepCall, part: Part, remote: RemoteParts | undefined): Promise<Part> {
  const path = remote ? await remote.place(part, call) : part.path;
  const beside = async (file: string): Promise<string> =>
    staging.remote ? staging.remote.place({ path: file, format: 'parquet', bytes: 0, fingerprint: '' }, call) : file;
  return {
    ...part,
    path,
    ...(part.deletes !== undefined && { deletes: await beside(part.deletes) }),
    ...(part.places !== undefined && { places: await beside(part.places) }),
  };
}

async function verifyAll(services: Services, call: StepCall, manifest: Manifest, remoteOf: RemoteOf): Promise<void> {
  const { staging, workerIdentity } = services;
  try {
    await inTurn(manifest.parts, (part) => remoteOf(part)?.verify(part, call.signal) ?? verifyParts([part], staging.root));
  } catch (error) {
    throw explainUnreachable(error, manifest, workerIdentity);
  }
}

/** Opens the connections by which parts are read, for the time of `work`. */
async function withRemotes<T>(
  services: Services,
  call: StepCall,
  parts: readonly Part[],
  work: (remoteOf: RemoteOf) => Promise<T>,
): Promise<T> {
  const remotes = new Map<string, RemoteParts>();
  const open = ([name, ...others]: readonly string[]): Promise<T> => {
    if (name === undefined)
      return work((part) => (isInPlace(part.path) ? remotes.get(part.connection ?? '') : services.staging.remote));
    return withConnection(services, name, call, ({ source }) => {
      if (!source?.remote) throw otherKind(name, parts);
      remotes.set(name, source.remote);
      return open(others);
    });
  };
  return open([...new Set(parts.flatMap(({ connection }) => (connection === undefined ? [] : [connection])))]);
}

function otherKind(name: string, parts: readonly Part[]): TerminalError {
  const part = parts.find(({ connection }) => connection === name);
  return new TerminalError(
    'FILE_MISSING',
    `"${part?.origin ?? part?.path}" was read by connection "${name}", which has another root now. Retry the run from its extract step.`,
  );
}

async function inTurn<T>(parts: readonly Part[], work: (part: Part) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  for (let at = 0; at < parts.length; at += AT_ONCE) done.push(...(await Promise.all(parts.slice(at, at + AT_ONCE).map(work))));
  return done;
}
