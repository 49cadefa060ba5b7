import { contract } from 'millrace/config';
import { z } from 'zod';

// One rule on each of TPC-H's sixteen columns.
export const LineItem = contract(
  z.object({
    l_orderkey: z.int().positive(),
    l_partkey: z.int().positive(),
    l_suppkey: z.int().positive(),
    l_linenumber: z.int().min(1).max(7),
    l_quantity: z.number().min(1).max(50),
    l_extendedprice: z.number().positive(),
    l_discount: z.number().min(0).max(0.1),
    l_tax: z.number().min(0).max(0.08),
    l_returnflag: z.enum(['A', 'N', 'R']),
    l_linestatus: z.enum(['F', 'O']),
    l_shipdate: z.iso.date(),
    l_commitdate: z.iso.date(),
    l_receiptdate: z.iso.date(),
    l_shipinstruct: z.enum(['COLLECT COD', 'DELIVER IN PERSON', 'NONE', 'TAKE BACK RETURN']),
    l_shipmode: z.string().regex(/^[A-Z]{3,5}( AIR)?$/),
    l_comment: z.string().min(1).max(44),
  }),
);

export const Charge = contract(
  z.object({ l_orderkey: z.int(), l_linenumber: z.int(), charge: z.number(), l_shipdate: z.iso.date(), l_comment: z.string() }),
);
