// The health check of the worker's container: exit code 0 when Temporal sees this container's worker poll its queue.
import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';

const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS, connectTimeout: 3_000 });
const answer = await connection.workflowService.describeTaskQueue({
  namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
  taskQueue: { name: process.env.MILLRACE_TASK_QUEUE ?? 'millrace' },
});
await connection.close();
const mine = answer.pollers?.some((poller) => poller.identity?.includes(hostname()));
console.log(mine ? 'polling' : 'not polling');
process.exitCode = mine ? 0 : 1;
