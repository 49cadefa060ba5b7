import { defineProject, env, files } from 'millrace/config';
import { z } from 'zod';

export default defineProject({
  connections: { lake: files({ root: env('SOAK_LAKE') }) },
  contracts: {},
  transforms: {},
  pools: { warehouse: 4 },
  pipelines: {
    compete: { params: z.object({ file: z.string(), weight: z.int(), priority: z.int() }) },
  },
  steps: { heartbeatTimeout: '5s' },
});
