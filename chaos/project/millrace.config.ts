import { contract, daily, defineProject, env, files, postgres } from 'millrace/config';
import { z } from 'zod';

/** The rows of every source; those with a negative amount are refused. */
const Item = contract(
  z.object({
    id: z.int(),
    version: z.int(),
    region: z.string(),
    day: z.iso.date(),
    amount: z.number().min(0),
    note: z.string(),
    changed_at: z.iso.datetime(),
  }),
  { key: ['id'] },
);

/** The same without a key, so that no primary key keeps a target from holding a row twice. */
const Row = contract(Item.schema);

const copy = z.object({ source: z.string(), target: z.string() });

export default defineProject({
  connections: {
    shop: postgres({ url: env('CHAOS_DATABASE'), schema: 'shop' }),
    warehouse: postgres({ url: env('CHAOS_DATABASE'), schema: 'warehouse' }),
    lake: files({ root: env('CHAOS_LAKE') }),
  },
  contracts: { Item, Row },
  transforms: {},
  pipelines: {
    appendDay: { params: copy.extend({ day: z.iso.date() }), partition: daily('day', { from: '2024-01-01' }) },
    appendFile: { params: copy },
    appendNew: { params: copy },
    mergeNew: { params: copy },
    mergeAll: { params: copy },
    replaceAll: { params: copy },
    replaceRegion: { params: copy.extend({ region: z.string() }) },
    exportDay: { params: copy.extend({ day: z.iso.date() }) },
    exportAll: { params: copy },
    exportNew: { params: copy },
  },
  taskQueue: 'chaos',
  engine: { memoryLimit: '200MB', threads: 1 },
  steps: { heartbeatTimeout: '2s' },
});
