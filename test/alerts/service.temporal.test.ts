import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operations } from '../../src/api/index.js';
import { remoteOperations } from '../../src/client/http.js';
import { webhook } from '../../src/config/alerts.js';
import { startService } from '../../src/service/run-service.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';
import { catalogOf, projectWith } from './scene.js';
import { refuse, startReceiver } from './receiver.js';

let client: Client;
let connection: Connection;

beforeAll(async () => {
  connection = await Connection.connect({ address: await temporalAddress() });
  client = new Client({ connection });
});
afterAll(() => connection?.close());

/** A pipeline's run that no worker takes. */
async function startRun(taskQueue: string, pipeline: string) {
  const workflowId = `${pipeline}-${randomBytes(5).toString('hex')}`;
  const handle = await client.workflow.start(pipeline, { taskQueue, workflowId });
  return Object.assign(handle, { runId: handle.firstExecutionRunId });
}

async function alertsOf(operations: Operations, count: number) {
  await until(
    async () => (await operations.listAlerts({})).items.length >= count,
    () => `there are ${count} alerts`,
  );
  return (await operations.listAlerts({})).items;
}

test('a service tells with no worker at all: of a run that takes too long, and of one that was terminated', async () => {
  const receiver = await startReceiver();
  const taskQueue = `alerts-${randomBytes(5).toString('hex')}`;
  const [slow, ended] = [`slow${taskQueue.slice(-6)}`, `ended${taskQueue.slice(-6)}`];
  const project = projectWith(
    { channels: { ops: webhook({ url: receiver.url }) } },
    { [slow]: { slo: { finishWithin: '1 second' }, owner: 'sales' }, [ended]: {} },
    taskQueue,
  );
  const service = await startService({ project, address: await temporalAddress(), port: 0 });
  const operations = remoteOperations({ url: service.url });
  const catalog = await catalogOf(project);
  try {
    const [overdue, terminated] = [await startRun(taskQueue, slow), await startRun(taskQueue, ended)];
    await until(
      async () => (await operations.listSlos({})).items[0]?.checkedAt !== null,
      () => 'somebody watches',
    );
    await catalog.recordRunStarted({
      workflowId: terminated.workflowId,
      runId: terminated.runId,
      firstRunId: terminated.runId,
      pipeline: ended,
      params: {},
      startedAt: new Date().toISOString(),
      loadScope: terminated.workflowId,
      taskQueue,
      workerIdentity: 'gone',
      namespace: 'default',
    });
    await terminated.terminate('the wrong month');
    const alerts = await alertsOf(operations, 2);
    expect(Object.fromEntries(alerts.map(({ kind, ...alert }) => [kind, alert]))).toMatchObject({
      slo: {
        title: `${slow} has not finished within 1 second`,
        severity: 'critical',
        workflowId: overdue.workflowId,
        runId: overdue.runId,
        text: expect.stringContaining('No worker has taken it yet.') as string,
      },
      'run failed': {
        title: `${ended} was terminated`,
        runId: terminated.runId,
        text: expect.stringMatching(/terminated by .*: the wrong month\. \[RUN_TERMINATED\]/) as string,
      },
    });
    expect((await operations.listSlos({})).items).toMatchObject([
      {
        pipeline: slow,
        slo: 'finishWithin',
        bound: '1 second',
        state: 'breached',
        subject: `${overdue.workflowId}@${overdue.runId}`,
      },
    ]);
    await until(
      () => receiver.received.length === 2,
      () => 'both were sent',
    );
    expect((await operations.getRun({ run: overdue.workflowId })).alerts).toMatchObject([{ kind: 'slo', severity: 'critical' }]);
    await overdue.terminate();
  } finally {
    await service.stop();
  }
});

test('channels are tried, and alerts acknowledged and sent again, by whom the audit says', async () => {
  const refusing = await startReceiver(refuse(404));
  const taking = await startReceiver();
  const taskQueue = `alerts-${randomBytes(5).toString('hex')}`;
  const channels = { ops: webhook({ url: taking.url }), lost: webhook({ url: refusing.url }) };
  const project = projectWith({ channels }, { orders: {} }, taskQueue);
  const service = await startService({ project, address: await temporalAddress(), port: 0 });
  const operations = remoteOperations({ url: service.url });
  const catalog = await catalogOf(project);
  try {
    expect(await operations.testAlertChannel({ channel: 'ops' })).toMatchObject({
      channel: 'ops',
      id: taking.received[0]?.body.id,
    });
    expect(taking.received[0]?.body).toMatchObject({ type: 'test', alert: { title: 'A test of the channel ops' } });
    await expect(operations.testAlertChannel({ channel: 'lost' })).rejects.toMatchObject({
      code: 'ALERT_REFUSED',
      message: expect.stringMatching(/^Channel "lost" \(http:\/\/127\.0\.0\.1:\d+\) answered 404\.$/) as string,
    });
    await expect(operations.testAlertChannel({ channel: 'op' })).rejects.toMatchObject({
      code: 'ALERT_CHANNEL_UNKNOWN',
      message: expect.stringContaining('Did you mean "ops"?') as string,
    });
    const key = 'a key/with a slash';
    await catalog.raiseAlert({
      key,
      kind: 'trigger',
      severity: 'warning',
      title: 'T',
      text: 'X',
      pipeline: 'orders',
      at: new Date().toISOString(),
    });
    await expect(operations.retryAlert({ alert: key })).rejects.toMatchObject({ code: 'ALERT_NOT_DEAD' });
    await until(
      async () => (await operations.listAlerts({ state: 'dead' })).items.length === 1,
      () => 'one delivery was given up',
    );
    expect((await operations.getAlert({ alert: key })).deliveries).toMatchObject([
      { channel: 'lost', state: 'dead' },
      { channel: 'ops' },
    ]);
    expect(await operations.retryAlert({ alert: key })).toEqual({ alert: key, channels: ['lost'] });
    expect(await operations.acknowledgeAlert({ alert: key, reason: 'a hook was removed' })).toMatchObject({
      acknowledged: { why: 'a hook was removed' },
    });
    await expect(operations.acknowledgeAlert({ alert: key })).rejects.toMatchObject({ code: 'ALERT_ACKNOWLEDGED' });
    await expect(operations.getAlert({ alert: 'none' })).rejects.toMatchObject({ code: 'ALERT_UNKNOWN' });
    const { items } = await operations.listAudit({ target: key });
    expect(items.map(({ operation, outcome, code }) => [operation, outcome, code])).toEqual([
      ['acknowledgeAlert', 'refused', 'ALERT_ACKNOWLEDGED'],
      ['acknowledgeAlert', 'done', null],
      ['retryAlert', 'done', null],
      ['retryAlert', 'refused', 'ALERT_NOT_DEAD'],
    ]);
    expect((await operations.listAlerts({ state: 'open' })).items).toEqual([]);
  } finally {
    await service.stop();
  }
});
