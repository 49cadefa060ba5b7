import { millraceVersion } from '../config/millrace-version.js';
import type { Handlers } from './context.js';

export const healthHandlers: Handlers<'getHealth'> = {
  async getHealth({ project, catalog, temporal, states }) {
    const answers = async (ask: () => Promise<unknown>): Promise<boolean> => ask().then(Boolean, () => false);
    const { taskQueue } = project;
    const { address, namespace } = temporal;
    const known = await answers(() => catalog.listRuns({ limit: 1 }));
    const reached = await answers(() => states.hasWorker(taskQueue).then(() => true));
    const polled = reached && (await answers(() => states.hasWorker(taskQueue)));
    return {
      version: millraceVersion(),
      temporal: { ok: reached, address, namespace },
      catalog: { ok: known },
      worker: { ok: polled, taskQueue },
    };
  },
};
