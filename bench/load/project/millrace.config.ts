import { defineProject, env, files, postgres, rows } from 'millrace/config';
import { z } from 'zod';
import { Charge, LineItem } from './contracts';

export default defineProject({
  connections: {
    files: files({ root: env('LINEITEM_FOLDER') }),
    warehouse: postgres({ url: env('WAREHOUSE_URL') }),
  },
  contracts: { LineItem, Charge },
  transforms: { charges: rows({ inputs: { lineitem: LineItem }, output: Charge }, () => import('./transforms/charges')) },
  pipelines: {
    loadLineitem: { params: z.object({ path: z.string() }) },
    readLineitem: { params: z.object({}) },
    chargeLineitem: { params: z.object({ path: z.string() }) },
  },
  staging: { root: env('STAGING_FOLDER', './.millrace/staging') },
  engine: { spillDirectory: env('SPILL_FOLDER', './.millrace/spill') },
  catalog: { path: env('CATALOG_FILE', './.millrace/catalog.db') },
});
