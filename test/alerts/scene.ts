import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { startAlertWatch, type AlertWatchSettings } from '../../src/alerts/watch.js';
import type { Repeated } from '../../src/recurring/repeat.js';
import { openCatalog, type AlertRow, type Catalog } from '../../src/catalog/index.js';
import type { AlertsConfig } from '../../src/config/alerts.js';
import type { LoadedProject } from '../../src/config/load.js';
import type { PipelineConfig } from '../../src/config/project.js';
import type { Alert } from '../../src/core/alerts.js';
import { TransientError } from '../../src/core/errors.js';
import { withoutTemporal } from '../../src/operations/offline-states.js';
import { temporaryFolder } from '../support/folder.js';
import { until } from '../support/until.js';

export type Pipelines = Readonly<Record<string, Omit<PipelineConfig, 'params'>>>;

/** A project as far as alerts go, without code. */
export function projectWith(alerts: AlertsConfig, pipelines: Pipelines = {}, taskQueue = 'nobody'): LoadedProject {
  const root = temporaryFolder();
  const described = Object.fromEntries(
    Object.entries(pipelines).map(([name, each]) => [name, { params: z.object({}), ...each }]),
  );
  return {
    directory: root,
    root,
    configPath: `${root}/millrace.config.ts`,
    config: { connections: {}, contracts: {}, transforms: {}, pipelines: described, alerts },
    pipelines: described,
    taskQueue,
    archive: false,
    retention: undefined,
    worker: { steps: 2, cachedRuns: 10, grace: '25s' },
    warnings: [],
    staging: { root: `${root}/staging` },
    engine: { memoryLimit: '500MB', threads: 1, spillDirectory: `${root}/spill` },
    catalog: { path: `${root}/catalog.db` },
    heartbeatTimeout: '15s',
  };
}

export async function catalogOf({ catalog: place }: LoadedProject): Promise<Catalog> {
  const catalog = await openCatalog(place);
  onTestFinished(() => catalog.close());
  return catalog;
}

/** Temporal as it is for who can't reach it. */
export const UNREACHABLE = withoutTemporal(new TransientError('TEMPORAL_UNREACHABLE', 'Temporal can not be reached.')).temporal;

/** Watches as workers and services do, only more often, until the running test ends. */
export function watch(
  catalog: Catalog,
  project: LoadedProject,
  changes: Partial<AlertWatchSettings> = {},
): Repeated & { readonly log: string[] } {
  const log: string[] = [];
  const write = (message: string, meta?: Record<string, unknown>): void =>
    void log.push(`${message} ${JSON.stringify(meta ?? {})}`);
  const settings = { catalog, project, temporal: UNREACHABLE, log: { info: write, warn: write }, intervalMs: 20, ...changes };
  const watching = startAlertWatch(settings);
  onTestFinished(() => watching.stop());
  return { ...watching, log };
}

let made = 0;

/** An alert of its own. */
export function anAlert(changes: Partial<Alert> = {}): Alert {
  return {
    key: `test/${++made}`,
    kind: 'run failed',
    severity: 'critical',
    title: `orders ${made} failed`,
    text: 'The source is gone.\nMend it.',
    pipeline: 'orders',
    at: new Date(Date.UTC(2026, 0, 5) + made * 1000).toISOString(),
    ...changes,
  };
}

/** The alert of a key once it is as wanted. */
export async function alertOnce(catalog: Catalog, key: string, wanted: (alert: AlertRow) => boolean): Promise<AlertRow> {
  let found: AlertRow | undefined;
  await until(
    async () => {
      found = await catalog.findAlert(key);
      return found !== undefined && wanted(found);
    },
    () => `the alert ${key} is as wanted: ${JSON.stringify(found)}`,
  );
  return found as AlertRow;
}

/** Whether all deliveries of an alert have come to this. */
export const all =
  (state: AlertRow['deliveries'][number]['state']) =>
  ({ deliveries }: AlertRow): boolean =>
    deliveries.length > 0 && deliveries.every((each) => each.state === state);
