import { proxyActivities } from '@temporalio/workflow';

const options = { startToCloseTimeout: '6 hours', heartbeatTimeout: '30s' };
const { step, extract, validate, transform, load } = proxyActivities(options);

/** Four steps that do nothing, one after the other. */
export async function unchanged() {
  for (const name of ['a', 'b', 'c', 'd']) await step(name);
}

/** What the pipeline of that name does, by four statements. */
export async function anew({ file }) {
  await extract(file);
  await validate(file);
  await transform(file);
  return load(file);
}
