import { contract } from 'millrace/config';
import { z } from 'zod';

/** What was sold on one day. */
export const DailySales = contract(
  z.object({
    day: z.iso.date(),
    sales: z.int(),
    items: z.int(),
    revenue: z.number(),
  }),
  { key: ['day'] },
);
