import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Catalog } from '../../src/catalog/index.js';
import type { Retention } from '../../src/config/retention.js';
import { SWEEPS, type Swept } from '../../src/core/retention.js';
import { folderInventory } from '../../src/engine/staging-inventory.js';
import { tidy } from '../../src/housekeeping/tidy.js';
import { folderFiles } from '../../src/archive/folder-files.js';
import { ARCHIVE_VERSION, archiveKey, writeDocument, type ArchivedHeader } from '../../src/archive/document.js';
import { manifest, runStarted } from '../catalog/sample-facts.js';

export const DAY_MS = 86_400_000;
export const NOW = Date.UTC(2026, 10, 29);

/** A run of a scenario; ages are days before {@link NOW}. */
export interface SceneRun {
  readonly runId: string;
  readonly scope: string;
  readonly pipeline: string;
  readonly partition?: string;
  readonly status: 'running' | 'completed' | 'failed';
  readonly startedAge: number;
  /** Meaningless while it runs. */
  readonly endedAge: number;
  /** Datasets that its steps made or found. */
  readonly datasets: readonly string[];
  readonly archived: boolean;
}

export interface SceneDataset {
  readonly key: string;
  readonly usedAge: number;
  readonly rejected: number;
  /** Another dataset whose files it reads. */
  readonly reads?: string;
}

export interface Scene {
  readonly runs: readonly SceneRun[];
  readonly datasets: readonly SceneDataset[];
}

export function ago(days: number): string {
  return new Date(NOW - days * DAY_MS).toISOString();
}

export function uriOf(key: string): string {
  return `datasets/${key.slice(0, 2)}/${key}/manifest.json`;
}

/** Writes a scenario into a catalog and a staging folder, as steps would have. */
export async function lay(scene: Scene, catalog: Catalog, staging: string): Promise<void> {
  for (const dataset of scene.datasets) stage(dataset, staging);
  for (const run of scene.runs) await record(run, scene, catalog, staging);
}

function stage(dataset: SceneDataset, staging: string): void {
  const file = path.join(staging, uriOf(dataset.key));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(path.join(path.dirname(file), 'part.parquet'), 'rows');
  writeFileSync(file, JSON.stringify(manifestOf(dataset)));
  const used = new Date(ago(dataset.usedAge));
  utimesSync(file, used, used);
}

function manifestOf({ key, rejected, reads }: SceneDataset) {
  const folder = path.posix.dirname(uriOf(key));
  const part = { format: 'parquet' as const, bytes: 4, rows: 1, fingerprint: 'f' };
  const other = reads === undefined ? [] : [{ ...part, path: `${path.posix.dirname(uriOf(reads))}/part.parquet` }];
  const base = manifest();
  return {
    ...base,
    key,
    content: key,
    createdAt: ago(300),
    parents: [],
    parts: [{ ...part, path: `${folder}/part.parquet` }, ...other],
    verdict: base.verdict && { ...base.verdict, rejected, rejects: `${folder}/rejects.parquet` },
  };
}

async function record(run: SceneRun, scene: Scene, catalog: Catalog, staging: string): Promise<void> {
  const { runId, scope: loadScope, pipeline, partition, status, startedAge, endedAge, datasets, archived } = run;
  const key = { workflowId: `of ${loadScope}`, runId };
  const place = { pipeline, loadScope, namespace: 'default', partition: partition ?? undefined };
  await catalog.recordRunStarted(runStarted({ ...key, ...place, startedAt: ago(startedAge) }));
  for (const [index, name] of datasets.entries()) {
    const dataset = scene.datasets.find((each) => each.key === name);
    if (!dataset) continue;
    const made = manifestOf(dataset);
    const uri = uriOf(name);
    const reference = { name, uri, rows: 1, bytes: 4, content: made.content, schema: made.schema, parents: [] };
    await catalog.recordStepFinished({
      ...key,
      step: `validate:d${index}`,
      attempt: 1,
      finishedAt: ago(startedAge),
      run: place,
      manifest: dataset.rejected > 0 ? made : { ...made, verdict: undefined },
      inputs: [],
      result: { dataset: reference, reused: false },
    });
  }
  await catalog.recordLog([{ ...key, attempt: 0, line: 1, at: ago(startedAge), level: 'info', message: 'It began.' }]);
  if (status === 'running') return;
  await catalog.recordRunFinished({ ...key, status, finishedAt: ago(endedAge) });
  if (!archived) return;
  await archive({ ...key, pipeline, taskQueue: 'shop', closedAt: ago(endedAge) }, staging);
  await catalog.recordArchive({ ...key, state: 'archived', at: ago(endedAge), events: 9, bytes: 6 });
}

/** Writes a history into the archive, as the archiver does when its run has ended. */
export async function archive(
  run: Pick<ArchivedHeader, 'workflowId' | 'runId' | 'pipeline' | 'taskQueue' | 'closedAt'>,
  staging: string,
): Promise<string> {
  const file = path.join(staging, 'archive', archiveKey(run.runId));
  const place = { version: ARCHIVE_VERSION, namespace: 'default', memo: null, searchAttributes: {} };
  const header = { ...place, ...run, status: 'completed', startedAt: run.closedAt } as unknown as ArchivedHeader;
  const pieces: string[] = [];
  for await (const piece of writeDocument(header, (async function* () {})())) pieces.push(piece);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, gzipSync(pieces.join('')));
  utimesSync(file, new Date(run.closedAt), new Date(run.closedAt));
  return file;
}

/** Does all sweeps, as a run of housekeeping would at {@link NOW}. */
export async function sweepAll(catalog: Catalog, staging: string, retention: Retention, dryRun = false): Promise<Swept[]> {
  const context = {
    catalog,
    inventory: folderInventory(staging),
    archive: folderFiles(path.join(staging, 'archive')),
    project: { namespace: 'default', taskQueue: 'shop' },
    retention,
    dryRun,
    now: NOW,
    signal: new AbortController().signal,
    progress: () => undefined,
  };
  const swept: Swept[] = [];
  for (const sweep of SWEEPS) swept.push(await tidy(context, sweep));
  return swept;
}

/** The keys of the datasets that are in staging, whole. */
export function staged(staging: string): string[] {
  const shelves = readdirSync(path.join(staging, 'datasets'));
  return shelves.flatMap((shelf) => readdirSync(path.join(staging, 'datasets', shelf))).toSorted();
}
