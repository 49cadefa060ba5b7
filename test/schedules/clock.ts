import path from 'node:path';
import { localCaller } from '../../src/access/local-caller.js';
import type { Operations } from '../../src/api/index.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import type { LoadedProject } from '../../src/config/load.js';
import type { ScheduleConfig } from '../../src/config/schedule.js';
import { localOperations } from '../../src/operations/perform.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { lastingFolder } from '../support/folder.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';

/** The worker of a project whose pipelines tests give schedules. */
export interface Clock {
  readonly worker: ProjectWorker;
  readonly temporal: TemporalClient;
  readonly catalog: Catalog;
  /** Everything that can be asked of the project with these schedules and no others. */
  readonly withSchedules: (schedules: Readonly<Record<string, ScheduleConfig>>, taskQueue?: string) => Operations;
  readonly id: (pipeline: string) => string;
  readonly stop: () => Promise<void>;
}

export async function startClock(): Promise<Clock> {
  const worker = await startProjectWorker(path.resolve(import.meta.dirname, '../fixtures/clock'), lastingFolder(), {});
  const temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  const catalog = await openCatalog(worker.project.catalog);
  const id = (pipeline: string): string => `millrace/${worker.taskQueue}/${pipeline}`;
  return {
    worker,
    temporal,
    catalog,
    id,
    withSchedules(schedules, taskQueue = worker.taskQueue) {
      const states = openTemporalStates(temporal, taskQueue);
      const project = { ...withThese(worker.project, schedules), taskQueue };
      return localOperations({ project, catalog, temporal, states }, localCaller());
    },
    async stop() {
      for (const pipeline of Object.keys(worker.project.config.pipelines)) {
        await temporal.client.schedule
          .getHandle(id(pipeline))
          .delete()
          .catch(() => undefined);
      }
      await catalog.close();
      await temporal.close();
      await worker.stop();
    },
  };
}

function withThese(project: LoadedProject, schedules: Readonly<Record<string, ScheduleConfig>>): LoadedProject {
  const pipelines = Object.entries(project.pipelines).map(([name, { schedule: _none, ...config }]) => {
    const schedule = schedules[name];
    return [name, { ...config, ...(schedule && { schedule }) }] as const;
  });
  return { ...project, pipelines: Object.fromEntries(pipelines) };
}
