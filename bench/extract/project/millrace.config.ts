import { defineProject, env, postgres } from 'millrace/config';
import { z } from 'zod';

export default defineProject({
  connections: { shop: postgres({ url: env('SHOP_URL') }) },
  contracts: {},
  transforms: {},
  pipelines: { extractLineitem: { params: z.object({}) } },
  staging: { root: env('STAGING_FOLDER', './.millrace/staging') },
  engine: { spillDirectory: env('SPILL_FOLDER', './.millrace/spill') },
  catalog: { path: env('CATALOG_FILE', './.millrace/catalog.db') },
});
