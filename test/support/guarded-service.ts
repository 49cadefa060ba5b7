import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { InputOf, Operations } from '../../src/api/index.js';
import { localCaller } from '../../src/access/local-caller.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { remoteOperations } from '../../src/client/http.js';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import type { ServiceConfig } from '../../src/config/service-plan.js';
import { localOperations } from '../../src/operations/perform.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { startService } from '../../src/service/run-service.js';
import { connectTemporal } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { lastingFolder } from './folder.js';
import { temporalAddress } from './temporal.js';

/** A client service with a catalog of its own, on a task queue that nobody polls: runs that are started wait. */
export interface GuardedService {
  readonly url: string;
  readonly project: LoadedProject;
  readonly catalog: Catalog;
  /** Everything that can be asked, asked without the service, as on the machine itself. */
  readonly local: Operations;
  /** Everything that can be asked of the service, with a token that is made for it. */
  readonly as: (token: Partial<InputOf<'createToken'>>) => Promise<Operations>;
  /** The text of a token that is made for it. */
  readonly token: (token: Partial<InputOf<'createToken'>>) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Pipelines of the fixture, with owners and tags: `publish` of sales, `checkOrders` of sales and tagged, `judgeOrders` of nobody. */
const MARKS = { publish: { owner: 'sales' }, checkOrders: { owner: 'sales', tags: ['orders', 'night'] } };

export async function startGuardedService(service: ServiceConfig = {}): Promise<GuardedService> {
  const loaded = await loadProject(path.resolve(import.meta.dirname, '../fixtures/audits'));
  const marked = Object.entries(MARKS).map(([name, marks]) => [name, { ...loaded.pipelines[name], ...marks }]);
  const project: LoadedProject = {
    ...loaded,
    pipelines: { ...loaded.pipelines, ...Object.fromEntries(marked) },
    config: { ...loaded.config, service },
    taskQueue: `guarded-${randomBytes(5).toString('hex')}`,
    catalog: { path: path.join(lastingFolder(), 'catalog.db') },
  };
  const address = await temporalAddress();
  const running = await startService({ project, address, port: 0 });
  const catalog = await openCatalog(project.catalog);
  const temporal = await connectTemporal(temporalTarget({ address }));
  const states = openTemporalStates(temporal, project.taskQueue);
  const local = localOperations({ project, catalog, temporal, states }, localCaller());
  const token: GuardedService['token'] = async (wanted) =>
    (await local.createToken({ name: 'somebody', role: 'viewer', ...wanted })).token;
  return {
    url: running.url,
    project,
    catalog,
    local,
    token,
    as: async (wanted) => remoteOperations({ url: running.url, token: await token(wanted) }),
    async stop() {
      await running.stop();
      await temporal.close();
      await catalog.close();
    },
  };
}
