import { contract, sql } from 'millrace/config';
import { z } from 'zod';

/** A line of `data/sales.csv`. */
export const Sale = contract(
  z.object({
    id: z.int().positive(),
    day: z.iso.date(),
    product: z.string().min(1),
    quantity: z.int().min(1),
    price: z.number().positive(),
    email: z.email().optional(),
  }),
  { key: ['id'], rules: { 'costs less than 10,000': sql`quantity * price < 10000` } },
);
