import { contract, defineProject, env, files, sqlFile } from 'millrace/config';
import { z } from 'zod';

const Row = contract(z.object({ id: z.int().positive(), name: z.string().min(1) }), { key: ['id'] });

export default defineProject({
  connections: { files: files({ root: env('FILES_FOLDER') }) },
  contracts: { Row },
  transforms: { loud: sqlFile('./transforms/loud.sql', { inputs: { rows: Row }, output: Row }) },
  pipelines: {
    unchanged: { params: z.object({}) },
    anew: { params: z.object({ file: z.string() }) },
  },
  staging: { root: env('STAGING_FOLDER', './.millrace/staging') },
  engine: { spillDirectory: env('SPILL_FOLDER', './.millrace/spill') },
  catalog: { path: env('CATALOG_FILE', './.millrace/catalog.db') },
});
