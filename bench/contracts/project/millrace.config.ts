import { defineProject, env, files } from 'millrace/config';
import { z } from 'zod';
import { LineItem } from '../../load/project/contracts';

export default defineProject({
  connections: { staged: files({ root: env('LINEITEM_FOLDER') }) },
  contracts: { LineItem },
  transforms: {},
  pipelines: { judgeLineitem: { params: z.object({}) } },
  staging: { root: env('STAGING_FOLDER', './.millrace/staging') },
  engine: { spillDirectory: env('SPILL_FOLDER', './.millrace/spill') },
  catalog: { path: env('CATALOG_FILE', './.millrace/catalog.db') },
});
