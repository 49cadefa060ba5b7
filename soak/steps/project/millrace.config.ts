import { contract, defineProject, env, files, sqlFile } from 'millrace/config';
import { z } from 'zod';

const Row = contract(z.object({ id: z.int(), text: z.string() }), { key: ['id'] });
const Shuffled = contract(z.object({ place: z.string(), id: z.int(), text: z.string() }), { key: ['place'] });
const { SOAK_MEMORY_LIMIT, SOAK_STEPS } = process.env;

/** Steps that need more memory than they get. */
export default defineProject({
  connections: { lake: files({ root: env('SOAK_FOLDER') }) },
  contracts: { Row, Shuffled },
  transforms: { shuffled: sqlFile('./transforms/shuffled.sql', { inputs: { rows: Row }, output: Shuffled }) },
  pipelines: { shuffle: { params: z.object({ turn: z.int() }) } },
  taskQueue: 'soak-steps',
  // Where the kernel does not hold the worker to its memory, it is told what it would have found out.
  ...(SOAK_MEMORY_LIMIT && { engine: { memoryLimit: SOAK_MEMORY_LIMIT }, worker: { steps: Number(SOAK_STEPS) } }),
  staging: { root: env('SOAK_STAGING') },
  catalog: { path: env('SOAK_CATALOG') },
});
