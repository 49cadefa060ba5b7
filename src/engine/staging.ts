import type { Checkpoint, RemoteParts } from '../connectors/contract.js';
import { MAX_REFERENCE_BYTES, type DatasetRef } from '../core/dataset.js';
import { TerminalError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import type { StagingInventory } from './staging-inventory.js';
import type { DraftManifest } from './staging-manifest.js';

export type { DraftManifest };

/** A folder of one attempt. Nothing in it is visible to anyone until it is committed. */
export interface StagingAttempt {
  /** Absolute, on this machine; empty at the beginning. */
  readonly directory: string;
  /** Makes the dataset visible, all at once. When another attempt was first, its dataset is the one that counts. */
  commit(draft: DraftManifest): Promise<StagedDataset>;
  /** Removes what the attempt wrote. Harmless after `commit` and after `keep`. */
  abandon(): Promise<void>;
  /** From now on the folder is somebody else's, to be removed by them; it is safe for as long as this process lives. */
  keep(): void;
}

export interface StagedDataset {
  readonly manifest: Manifest;
  readonly uri: string;
}

/** Datasets in a folder or a bucket, each under the key of what made it. */
export interface Staging {
  /** A folder (absolute), or `s3://bucket/prefix`. */
  readonly root: string;
  /** Strings that no message may hold. */
  readonly secrets: readonly string[];
  /**
   * Eight hex digits that are written where the datasets are: whoever reads the same ones has the same staging, by whatever path.
   * Makes them when there are none.
   */
  id(): Promise<string>;
  /** How staged files are read that are not on this machine's disks. */
  readonly remote?: RemoteParts;
  readonly inventory: StagingInventory;
  find(key: string, signal?: AbortSignal): Promise<StagedDataset | undefined>;
  /** @throws TerminalError STAGING_MISSING when the dataset is gone */
  read(uri: string): Promise<Manifest>;
  begin(key: string, checkpoint: Checkpoint, signal?: AbortSignal): Promise<StagingAttempt>;
  /** Every dataset that is there, by its manifest alone, in order of the keys; `onDamaged` is told of manifests that cannot be read. */
  list(onDamaged?: (uri: string) => void): AsyncIterable<StagedDataset>;
  /** Bytes of everything in staging, with those of an attempt that is not committed yet. */
  usedBytes(attemptDirectory?: string): Promise<number>;
  /** Proves that staging in a bucket can be reached and serves; of a folder each step finds out. */
  check(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** The small reference by which a workflow knows the dataset. @throws TerminalError REFERENCE_TOO_LARGE */
export function referenceTo({ manifest, uri }: StagedDataset): DatasetRef {
  const reference: DatasetRef = {
    name: manifest.name,
    uri,
    rows: manifest.rows,
    bytes: manifest.bytes,
    content: manifest.content,
    schema: manifest.schema,
    ...(manifest.contract && { contract: manifest.contract.name }),
    parents: manifest.parents.map((parent) => parent.content.slice(0, 16)),
    ...(manifest.range && { range: manifest.range }),
  };
  const size = Buffer.byteLength(JSON.stringify(reference));
  if (size > MAX_REFERENCE_BYTES) {
    throw new TerminalError(
      'REFERENCE_TOO_LARGE',
      `The reference to dataset "${manifest.name}" has ${size} bytes; at most ${MAX_REFERENCE_BYTES} may enter a run's history. Use fewer inputs or shorter names.`,
    );
  }
  return reference;
}
