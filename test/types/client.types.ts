/*
 * What the compiler refuses of those who call the service. Every `@ts-expect-error` fails the type check when the line below it
 * becomes legal.
 */
import { z } from 'zod';
import { connect } from '../../src/client/index.js';
import { defineProject, files, monthly } from '../../src/config/index.js';
import { pipelines, type LoadResult } from '../../workflows/index.js';

const project = defineProject({
  connections: { lake: files({ root: './data' }) },
  contracts: {},
  transforms: {},
  pipelines: {
    daily: {
      params: z.object({ month: z.string(), limit: z.int().default(10) }),
      partition: monthly('month', { from: '2024-01' }),
    },
    tidy: { params: z.object({ deep: z.boolean().optional() }) },
  },
});
const pipeline = pipelines<typeof project>();
const workflows = {
  daily: pipeline('daily', async (run) =>
    run.load(run.extract('a', { from: 'lake', path: 'a.csv' }), { to: 'lake', path: 'b.csv', mode: 'replace' }),
  ),
  tidy: pipeline('tidy', async () => 3),
};

const millrace = connect<typeof project, typeof workflows>({ url: 'http://127.0.0.1:8300' });

export async function allowed(): Promise<number> {
  const run = await millrace.runs.start('daily', { month: '2024-01' }, { id: 'trial', idempotencyKey: 'order 7' });
  const loaded: LoadResult = await run.result();
  const tidied: number = await (await millrace.runs.start('tidy')).result();
  await millrace.runs.start('tidy', { deep: true });
  await millrace.runs.start('replicate', { from: 'lake', to: 'lake', tables: ['public.*'] });
  for await (const { workflowId, status } of millrace.runs.list({ pipeline: 'daily', status: 'failed', limit: 10 })) {
    if (status === 'failed') await millrace.runs.handle(workflowId).retry({ from: 'load:lake.b.csv' });
  }
  for await (const event of run.events()) {
    if (event.event === 'step') return event.data.rows ?? 0;
    if (event.event === 'log') return event.data.message.length;
  }
  const anything = connect({ url: 'http://127.0.0.1:8300' });
  await anything.runs.start('whatever', { month: 7 });
  return loaded.rows + tidied + (await millrace.pipelines.list()).items.length;
}

export async function refused(): Promise<void> {
  // @ts-expect-error the project has no such pipeline
  await millrace.runs.start('weekly', { month: '2024-01' });
  // @ts-expect-error it needs its parameters
  await millrace.runs.start('daily');
  // @ts-expect-error a parameter has a type
  await millrace.runs.start('daily', { month: 7 });
  // @ts-expect-error it has no such parameter
  await millrace.runs.start('daily', { month: '2024-01', year: 2024 });
  // @ts-expect-error a run has one of the states
  await millrace.runs.list({ status: 'done' });
  const run = await millrace.runs.start('tidy');
  // @ts-expect-error this pipeline gives a number
  (await run.result()) satisfies string;
  // @ts-expect-error a pipeline is looked up by its name
  await millrace.pipelines.get({});
}
