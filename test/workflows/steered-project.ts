import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import type { RunStateView } from '../../workflows/run-state-view.js';
import { lastingFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';

export const STEERED = path.resolve(import.meta.dirname, '../fixtures/steered');

/** Rows of the file that every run can read. */
export const OTHERS = 5;

/** The project whose runs are steered, with a worker whose steps the test can stop at the points that it names. */
export interface Steered {
  readonly worker: ProjectWorker;
  readonly temporal: TemporalClient;
  readonly catalog: Catalog;
  readonly lake: string;
  /** Stops whatever comes to a named point until it is opened again. */
  readonly closeAt: (point: string) => { readonly open: () => void; readonly arrived: () => Promise<void> };
  /** Writes a file that no run has read yet, of {@link OTHERS} rows: what is found in staging is not read again. */
  readonly freshFile: () => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function openSteered(): Promise<Steered> {
  const lake = lastingFolder();
  await writeOrders(lake, 'others.csv', OTHERS);
  const gates = new Map<string, { opened: Promise<void>; arrivals: number }>();
  const checkpoint = async (point: string): Promise<void> => {
    const gate = gates.get(point);
    if (!gate) return;
    gate.arrivals += 1;
    await gate.opened;
  };
  const worker = await startProjectWorker(STEERED, lastingFolder(), { STEERED_LAKE: lake }, { checkpoint });
  const catalog = await openCatalog(worker.project.catalog);
  const temporal = {
    client: worker.client,
    address: await temporalAddress(),
    namespace: 'default',
    close: () => Promise.resolve(),
  };
  return {
    worker,
    temporal,
    catalog,
    lake,
    closeAt(point) {
      let open = (): void => undefined;
      const gate = { opened: new Promise<void>((resolve) => (open = resolve)), arrivals: 0 };
      gates.set(point, gate);
      return {
        open() {
          gates.delete(point);
          open();
        },
        arrived: () =>
          until(
            () => gate.arrivals > 0,
            () => `nothing comes to ${point}`,
          ),
      };
    },
    freshFile: () => writeOrders(lake, `${randomUUID()}.csv`, OTHERS),
    async close() {
      await worker.stop();
      await catalog.close();
    },
  };
}

export function stateOf(handle: WorkflowHandle): Promise<RunStateView> {
  return handle.query<RunStateView>('state');
}

/** Waits until a step of a run is in a state. */
export async function stepIs(handle: WorkflowHandle, step: string, status: string): Promise<void> {
  let seen: RunStateView | undefined;
  await until(
    async () => {
      seen = await stateOf(handle);
      return seen.steps.some((each) => each.step === step && each.status === status);
    },
    () => `${step} is not ${status}: ${JSON.stringify(seen)}`,
  );
}

/** The steps of a run as it tells them: `extract:orders done`. */
export async function stepsOf(handle: WorkflowHandle): Promise<string[]> {
  return (await stateOf(handle)).steps.map((step) => `${step.step} ${step.status}`);
}
