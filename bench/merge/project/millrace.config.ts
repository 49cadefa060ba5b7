import { defineProject, env, postgres } from 'millrace/config';
import { z } from 'zod';

export default defineProject({
  connections: {
    shop: postgres({ url: env('SHOP_URL') }),
    warehouse: postgres({ url: env('WAREHOUSE_URL') }),
  },
  contracts: {},
  transforms: {},
  pipelines: { mergeOrders: { params: z.object({ since: z.string() }) } },
  staging: { root: env('STAGING_FOLDER', './.millrace/staging') },
  engine: { spillDirectory: env('SPILL_FOLDER', './.millrace/spill') },
  catalog: { path: env('CATALOG_FILE', './.millrace/catalog.db') },
});
