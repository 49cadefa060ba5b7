import { parseDuration } from '../core/duration.js';
import type { TriggerSettings } from '../core/trigger.js';
import type { PipelineConfig } from './project.js';

const EVERY_MS = 60_000;

/** What a pipeline's triggers are to be, with their defaults filled in; `undefined` for a pipeline without any. */
export function triggerSettings({ triggers, partition }: PipelineConfig): TriggerSettings | undefined {
  if (!triggers) return undefined;
  const { after = [], files, sql, webhook, params = {} } = triggers;
  return {
    partition: partition ? { kind: partition.kind, parameter: partition.parameter } : null,
    after,
    files: files
      ? { connection: files.connection, path: files.path, everyMs: spanOf(files.every), parameter: files.parameter ?? null }
      : null,
    sql: sql
      ? { connection: sql.connection, query: sql.query.text, everyMs: spanOf(sql.every), parameter: sql.parameter ?? null }
      : null,
    webhook: webhook !== undefined,
    params,
  };
}

/** The datasets of a connection that pipelines wait for, each with these pipelines. */
export function datasetsOf(
  pipelines: Readonly<Record<string, PipelineConfig>>,
  connection: string,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [pipeline, { triggers }] of Object.entries(pipelines)) {
    for (const dataset of triggers?.after ?? []) {
      if (connectionOf(dataset) === connection) found.set(dataset, [...(found.get(dataset) ?? []), pipeline]);
    }
  }
  return found;
}

/** Of `warehouse.orders`, `warehouse`. */
export function connectionOf(dataset: string): string {
  return dataset.slice(0, dataset.indexOf('.'));
}

/** The connections that some pipeline waits for loads into, in order of their names. */
export function listenedConnections(pipelines: Readonly<Record<string, PipelineConfig>>): string[] {
  const datasets = Object.values(pipelines).flatMap(({ triggers }) => triggers?.after ?? []);
  return [...new Set(datasets.map(connectionOf))].toSorted();
}

function spanOf(text: string | undefined): number {
  return text === undefined ? EVERY_MS : (parseDuration(text) ?? EVERY_MS);
}
