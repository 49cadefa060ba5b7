import type { ArchiveFiles } from '../archive/files.js';
import type { Catalog } from '../catalog/index.js';
import type { Manifest } from '../core/manifest.js';
import type { Staging } from '../engine/staging.js';
import type { TemporalClient } from '../temporal/connect.js';
import type { ConnectionLedger } from './ledgers.js';

/** Where the facts are. */
export interface RebuildSources {
  readonly catalog: Catalog;
  readonly staging: Staging;
  /** Absent when no server answers: then manifests and ledgers have to do. */
  readonly temporal?: TemporalClient;
  readonly pipelines: readonly string[];
  readonly taskQueue: string;
  readonly ledgers: readonly ConnectionLedger[];
  /** Absent for a project without an archive. */
  readonly archive?: ArchiveFiles;
  /** Told now and then how far it is. */
  readonly progress: (phase: RebuildPhase, count: number) => void;
}

export type RebuildPhase = 'datasets' | 'runs' | 'archived runs' | 'loads';

/** What is found on the way. */
export interface Found {
  datasets: number;
  runs: number;
  archivedRuns: number;
  steps: number;
  attemptsLost: number;
  skips: number;
  loadsOfLedgers: number;
  readonly told: Set<string>;
  readonly ofManifests: Set<string>;
  readonly gone: Set<string>;
  readonly troubles: string[];
}

/** Reads manifests, and notes those that are gone. */
export function manifestsOf({ staging }: RebuildSources, found: Found): (uri: string) => Promise<Manifest | undefined> {
  return (uri) =>
    staging.read(uri).catch(() => {
      found.gone.add(uri);
      return undefined;
    });
}

export function isCatalogs(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'CATALOG_UNAVAILABLE';
}
