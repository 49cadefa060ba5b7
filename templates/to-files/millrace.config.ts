import { defineProject, files, sqlFile } from 'millrace/config';
import { z } from 'zod';
import { DailySales } from './contracts/daily-sales';
import { Sale } from './contracts/sale';

export default defineProject({
  connections: {
    shop: files({ root: './data' }),
    results: files({ root: './out' }),
  },
  contracts: { Sale, DailySales },
  transforms: {
    dailySales: sqlFile('./transforms/daily-sales.sql', { inputs: { sales: Sale }, output: DailySales }),
  },
  pipelines: {
    dailySales: { params: z.object({}), description: 'What was sold each day' },
  },
  dev: { runs: [{ pipeline: 'dailySales' }] },
});
