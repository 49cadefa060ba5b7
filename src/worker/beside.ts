import { Runtime } from '@temporalio/worker';
import { startAlertWatch } from '../alerts/watch.js';
import type { Catalog } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import { startReconciler } from '../reconciler/reconciler.js';
import type { TemporalClient } from '../temporal/connect.js';
import { keepPools, type Beside } from './pool-keeper.js';

/** Starts what goes on beside a worker's tasks: runs whose end nobody saw are closed, alerts go out, pools are kept there. */
export function startBeside(settings: {
  readonly project: LoadedProject;
  readonly catalog: Catalog;
  readonly temporal: TemporalClient;
}): Beside {
  const log = Runtime.instance().logger;
  const all = [startReconciler({ ...settings, log }), startAlertWatch({ ...settings, log }), keepPools({ ...settings, log })];
  return {
    async stop() {
      await Promise.all(all.map((each) => each.stop()));
    },
  };
}
