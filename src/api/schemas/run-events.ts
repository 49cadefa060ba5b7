import { z } from 'zod';
import { jsonObject, jsonValue, time } from './lists.js';
import { run, runStep, runSummary } from './runs.js';

/** One line of what a run did and logged. */
export const logLine = z
  .object({
    id: z.string().describe('The same line has the same id whenever it is asked for.'),
    at: time,
    level: z.enum(['info', 'warn', 'error']),
    source: z.enum(['run', 'step', 'pipeline', 'temporal']).describe('Who tells it.'),
    step: z.string().nullable(),
    attempt: z.number().nullable(),
    message: z.string(),
    facts: jsonObject.nullable(),
  })
  .meta({ id: 'LogLine' });

/** What the messages of a run's events hold, by their `event`. */
export const RUN_EVENTS = {
  state: runSummary
    .extend({
      worker: z.boolean().nullable().describe('Whether a worker takes its tasks; null once it has ended.'),
      paused: run.shape.paused,
    })
    .meta({ id: 'RunStateEvent' }),
  step: runStep,
  log: logLine,
  end: runSummary.extend({ result: jsonValue }).meta({ id: 'RunEndEvent' }),
} as const;

export type RunEventType = keyof typeof RUN_EVENTS;
export type RunEventData<T extends RunEventType> = z.output<(typeof RUN_EVENTS)[T]>;
