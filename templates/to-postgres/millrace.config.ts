import { defineProject, env, files, postgres, sqlFile } from 'millrace/config';
import { z } from 'zod';
import { DailySales } from './contracts/daily-sales';
import { Sale } from './contracts/sale';

export default defineProject({
  connections: {
    shop: files({ root: './data' }),
    results: postgres({ url: env('RESULTS_URL') }),
  },
  contracts: { Sale, DailySales },
  transforms: {
    dailySales: sqlFile('./transforms/daily-sales.sql', { inputs: { sales: Sale }, output: DailySales }),
  },
  pipelines: {
    dailySales: { params: z.object({}), description: 'What was sold each day' },
  },
  // `millrace dev` starts a database for this variable, unless it is set.
  dev: { postgres: ['RESULTS_URL'], runs: [{ pipeline: 'dailySales' }] },
});
