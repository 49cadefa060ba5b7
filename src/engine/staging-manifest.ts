import { createHash } from 'node:crypto';
import type { Manifest, Part } from '../core/manifest.js';
import { isInPlace } from '../core/place.js';

/** What a step knows of its dataset when the work is done; staging adds sizes, hashes and the time. */
export type DraftManifest = Omit<Manifest, 'version' | 'key' | 'content' | 'createdAt' | 'bytes' | 'schema'>;

/** The files of an attempt that commits; paths that begin with `./` are its own. */
export interface AttemptFiles {
  /** Where one of the attempt's own files will be: relative to the staging root. */
  settle(own: string): string;
  /** sha256 (hex) of a file, the attempt's own or a staged one. */
  hash(file: string): Promise<string>;
  /** Bytes of one of the attempt's own files. */
  size(own: string): Promise<number>;
}

export function datasetFolder(key: string): string {
  return `datasets/${key.slice(0, 2)}/${key}`;
}

export function manifestUri(key: string): string {
  return `${datasetFolder(key)}/manifest.json`;
}

export function isOwn(file: string): boolean {
  return file.startsWith('./');
}

/** A manifest's files that are staged: each part with its size, those beside parts without. */
export function stagedFiles({ parts, verdict }: Pick<Manifest, 'parts' | 'verdict'>): { path: string; bytes?: number }[] {
  const beside = [...parts.flatMap((part) => [part.deletes, part.places]), verdict?.rejects].filter((file) => file !== undefined);
  const files = [...parts.map(({ path, bytes }) => ({ path, bytes })), ...beside.map((path) => ({ path }))];
  return files.filter(({ path }) => !isInPlace(path));
}

/** What a draft becomes when it is committed. */
export async function complete(draft: DraftManifest, key: string, files: AttemptFiles): Promise<Manifest> {
  const settle = (file: string): string => (isOwn(file) ? files.settle(file) : file);
  const hash = createHash('sha256').update(JSON.stringify([draft.filter ?? null, draft.columns]));
  // The same rows as another slice of the source are another dataset: what is loaded from it moves a watermark elsewhere.
  if (draft.range) hash.update(JSON.stringify(draft.range));
  const parts: Part[] = [];
  let bytes = 0;
  for (const part of draft.parts) {
    const staged = isOwn(part.path);
    const fingerprint = staged && !/^[0-9a-f]{64}$/.test(part.fingerprint) ? await files.hash(part.path) : part.fingerprint;
    const deletes = part.deletes === undefined ? undefined : await files.hash(part.deletes);
    // Data in place has no content hash of its own, so its path belongs to its identity.
    hash.update(JSON.stringify([isInPlace(part.path) ? part.path : null, fingerprint, deletes ?? null]));
    // The same rows from other places are another dataset: what is rejected of them is told by its place.
    if (part.places !== undefined) hash.update(await files.hash(part.places));
    const size = staged ? await files.size(part.path) : part.bytes;
    bytes += size;
    parts.push({
      ...part,
      path: settle(part.path),
      bytes: size,
      fingerprint,
      ...(part.deletes !== undefined && { deletes: settle(part.deletes) }),
      ...(part.places !== undefined && { places: settle(part.places) }),
    });
  }
  const schema = createHash('sha256')
    .update(JSON.stringify(draft.columns.map((column) => [column.name, column.type])))
    .digest('hex')
    .slice(0, 16);
  const verdict = draft.verdict && {
    ...draft.verdict,
    ...(draft.verdict.rejects !== undefined && { rejects: settle(draft.verdict.rejects) }),
  };
  return {
    version: 1,
    ...draft,
    ...(verdict && { verdict }),
    parts,
    key,
    content: hash.digest('hex'),
    createdAt: new Date().toISOString(),
    bytes,
    schema,
  };
}
