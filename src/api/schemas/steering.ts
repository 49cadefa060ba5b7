import { z } from 'zod';
import { time } from './lists.js';

export const runPause = z.object({ since: time, by: z.string(), reason: z.string().optional() }).meta({ id: 'RunPause' });

/** What holds a run, once it has taken a request. */
export const steeredRun = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    paused: runPause.nullable().describe('Since when it starts no more steps, and who said so.'),
    waiting: z.array(z.string()).describe('The steps that wait for a decision: the first hundred.'),
  })
  .meta({ id: 'SteeredRun' });
