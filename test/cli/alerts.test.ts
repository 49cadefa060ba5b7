import { expect, test } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import { startReceiver } from '../alerts/receiver.js';
import { anAlert } from '../alerts/scene.js';
import { writtenProject } from '../support/written-project.js';
import { millrace } from './millrace.js';

test('alerts are listed, shown, acknowledged and tried, and promises shown, by the command line alone', async () => {
  const receiver = await startReceiver();
  const alerts = `alerts: { channels: { ops: { kind: 'webhook', url: '${receiver.url}' } } },`;
  const folder = writtenProject({
    'millrace.config.ts': ['  contracts: {', `  ${alerts}\n  contracts: {`],
  });
  const ask = (...words: string[]) => millrace([...words, '--project', folder], { MILLRACE_URL: '', MILLRACE_CATALOG_URL: '' });
  expect(await ask('alerts', 'list')).toMatchObject({ code: 0, stdout: expect.stringContaining('No alerts') as string });
  const catalog = await openCatalog({ path: `${folder}/.millrace/catalog.db` });
  const alert = anAlert({ pipeline: 'sum' });
  await catalog.raiseAlert(alert);
  const at = new Date().toISOString();
  await catalog.routeAlert({ key: alert.key, channels: ['ops'], heldBack: false, at, giveUpAt: at });
  await catalog.expireDeliveries('2100-01-01T00:00:00.000Z');
  await catalog.close();
  const listed = await ask('alerts', 'list', '--kind', 'run failed', '--pipeline', 'sum', '--state', 'dead', '--json');
  expect(JSON.parse(listed.stdout)).toMatchObject({ key: alert.key, deliveries: [{ channel: 'ops', state: 'dead' }] });
  expect((await ask('alerts', 'list')).stdout).toContain('ops dead');
  expect((await ask('alerts', 'retry', alert.key)).stdout).toContain('sent again to ops');
  expect(await ask('alerts', 'retry', alert.key)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('ALERT_NOT_DEAD') as string,
  });
  expect(await ask('alerts', 'ack', alert.key, '--reason', 'known')).toMatchObject({ code: 0 });
  const shown = await ask('alerts', 'show', alert.key);
  expect(shown.stdout).toMatch(new RegExp(`${alert.title}[^]*seen by[^]*known[^]*The source is gone\\.[^]*ops +pending`));
  expect(await ask('alerts', 'show', 'none')).toMatchObject({ code: 3 });
  expect(await ask('alerts', 'test', 'ops')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('took the test') as string,
  });
  expect(receiver.received).toMatchObject([{ body: { type: 'test' } }]);
  expect(await ask('alerts', 'test', 'op')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('Did you mean "ops"?') as string,
  });
  expect(await ask('slo')).toMatchObject({ code: 0, stdout: expect.stringContaining('No pipeline promises anything') as string });
});
