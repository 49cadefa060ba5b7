import { contract, defineProject, env, files } from 'millrace/config';
import { z } from 'zod';

const Row = contract(z.object({ id: z.int().positive(), name: z.string().min(1) }), { key: ['id'] });

export default defineProject({
  connections: { files: files({ root: env('FILES_FOLDER') }) },
  contracts: { Row },
  transforms: {},
  pipelines: {
    waits: { params: z.object({ number: z.int() }) },
    works: { params: z.object({ file: z.string() }) },
  },
  staging: { root: env('STAGING_FOLDER', './.millrace/staging') },
  engine: { spillDirectory: env('SPILL_FOLDER', './.millrace/spill') },
  catalog: { path: env('CATALOG_FILE', './.millrace/catalog.db') },
});
