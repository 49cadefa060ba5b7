import { daily, defineProject, files } from 'millrace/config';
import { z } from 'zod';

/** A pipeline that does nothing, for each day for which four datasets were loaded. */
export default defineProject({
  connections: { lake: files({ root: '.' }) },
  contracts: {},
  transforms: {},
  pipelines: {
    joined: {
      params: z.object({ day: z.string() }),
      partition: daily('day', { from: '2000-01-01' }),
      triggers: { after: ['lake.orders', 'lake.customers', 'lake.prices', 'lake.stock'] },
    },
  },
});
