import { z } from 'zod';
import { jsonObject } from './lists.js';
import { runSummary } from './runs.js';

export const pipeline = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    owner: z.string().nullable(),
    tags: z.array(z.string()),
    partition: z
      .object({ kind: z.enum(['monthly', 'daily']), parameter: z.string(), from: z.string() })
      .nullable()
      .describe('How its work is cut into partitions.'),
    schedule: z
      .object({ times: z.string().describe('When it comes, in a few words.'), paused: z.boolean() })
      .nullable()
      .describe('As the config has it; `/v1/schedules` tells what Temporal has.'),
    parameters: jsonObject.describe('JSON Schema of what a run takes.'),
    onConflict: z.enum(['reuse', 'reject', 'replace']).describe('What a start does while a run of its id is running.'),
    builtIn: z.boolean(),
    lastRuns: z.array(runSummary).describe('The latest first.'),
  })
  .meta({ id: 'Pipeline' });
