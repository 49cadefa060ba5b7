import { createHmac, timingSafeEqual } from 'node:crypto';
import { expect, test } from 'vitest';
import { slack, webhook } from '../../src/config/alerts.js';
import { alertOnce, all, anAlert, catalogOf, projectWith, watch } from './scene.js';
import { refuse, startReceiver } from './receiver.js';
import { until } from '../support/until.js';

const SECRET = 'a-secret-of-the-test';

test('an alert reaches every channel once, signed, under an id of its own for each', async () => {
  const [ops, chat] = [await startReceiver(), await startReceiver()];
  const project = projectWith({
    channels: {
      ops: webhook({ url: ops.url, secret: SECRET, headers: { 'x-team': 'data-team' } }),
      chat: slack({ url: chat.url }),
    },
  });
  const catalog = await catalogOf(project);
  const alert = anAlert({ title: 'orders <failed> & stays so', details: { code: 'STEP_FAILED' } });
  expect(await catalog.raiseAlert(alert)).toBe(true);
  watch(catalog, project);
  const told = await alertOnce(catalog, alert.key, all('sent'));
  expect(told.deliveries).toMatchObject([
    { channel: 'chat', attempts: 1, error: null, dueAt: null },
    { channel: 'ops', attempts: 1, error: null, dueAt: null },
  ]);
  expect(await catalog.raiseAlert(alert)).toBe(false);
  const [received] = ops.received;
  expect(received?.body).toEqual({ id: received?.headers['webhook-id'], type: 'alert', alert });
  expect(received?.headers).toMatchObject({ 'x-team': 'data-team', 'idempotency-key': received?.body.id });
  // As a receiver does it.
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = received?.headers ?? {};
  const expected = `v1,${createHmac('sha256', SECRET)
    .update(`${String(id)}.${String(at)}.${received?.text}`)
    .digest('base64')}`;
  expect(timingSafeEqual(Buffer.from(String(signature)), Buffer.from(expected))).toBe(true);
  expect(chat.received[0]?.body).toEqual({
    text: ':red_circle: *orders &lt;failed&gt; &amp; stays so*\nThe source is gone.\nMend it.',
  });
  expect([ops.received.length, chat.received.length]).toEqual([1, 1]);
});

test('a receiver that fails at first gets the same message again, and a channel that never answers keeps no other waiting', async () => {
  const flaky = await startReceiver((response, n) => (n < 3 ? refuse(503)(response) : response.end()));
  const silent = await startReceiver(() => undefined);
  const project = projectWith({ channels: { silent: webhook({ url: silent.url }), flaky: webhook({ url: flaky.url }) } });
  const catalog = await catalogOf(project);
  const alert = anAlert();
  await catalog.raiseAlert(alert);
  // Each look is an hour after the one before.
  let hours = 0;
  watch(catalog, project, { now: () => Date.now() + hours++ * 600_000 });
  const told = await alertOnce(catalog, alert.key, ({ deliveries }) => deliveries[0]?.state === 'sent');
  expect(told.deliveries).toMatchObject([
    { channel: 'flaky', attempts: 3, error: null },
    { channel: 'silent', state: 'sending' },
  ]);
  expect(new Set(flaky.received.map(({ body }) => body.id)).size).toBe(1);
});

test('what is refused for good is given up at once, kept with why, and sent again when somebody asks', async () => {
  let mended = false;
  const receiver = await startReceiver((response) =>
    mended ? response.end() : refuse(403, {}, 'no such hook: t0p-s3cret-path')(response),
  );
  const project = projectWith({ channels: { ops: webhook({ url: receiver.url }) } });
  const catalog = await catalogOf(project);
  const alert = anAlert();
  await catalog.raiseAlert(alert);
  const { log } = watch(catalog, project);
  const dead = await alertOnce(catalog, alert.key, all('dead'));
  expect(dead.deliveries).toMatchObject([
    { attempts: 1, error: expect.stringContaining('answered 403: no such hook') as string },
  ]);
  await until(
    () => log.length > 0,
    () => 'the log tells of it',
  );
  expect([JSON.stringify(dead), ...log].join()).not.toContain('hooks/t0p-s3cret-path');
  expect(await catalog.listAlerts({ state: 'dead', limit: 10 })).toHaveLength(1);
  mended = true;
  const now = Date.now();
  expect(await catalog.retryDeliveries(alert.key, new Date(now).toISOString(), new Date(now + 60_000).toISOString())).toEqual([
    'ops',
  ]);
  await alertOnce(catalog, alert.key, all('sent'));
  expect(await catalog.listAlerts({ state: 'dead', limit: 10 })).toEqual([]);
});

test('a receiver that asks for patience is asked nothing before, for any alert', async () => {
  const receiver = await startReceiver((response, n) =>
    n === 1 ? refuse(429, { 'retry-after': '3000' })(response) : response.end(),
  );
  const project = projectWith({ channels: { ops: webhook({ url: receiver.url }) } });
  const catalog = await catalogOf(project);
  const [first, second] = [anAlert(), anAlert()];
  await catalog.raiseAlert(first);
  let later = 0;
  watch(catalog, project, { now: () => Date.now() + later });
  const asked = await alertOnce(
    catalog,
    first.key,
    ({ deliveries }) => deliveries[0]?.attempts === 1 && deliveries[0].state === 'pending',
  );
  expect(Date.parse(asked.deliveries[0]?.dueAt ?? '') - Date.now()).toBeGreaterThan(2_900_000);
  await catalog.raiseAlert(second);
  await alertOnce(catalog, second.key, all('pending'));
  later = 2_800_000;
  // Some looks later nothing has come.
  const third = anAlert();
  await catalog.raiseAlert(third);
  await alertOnce(catalog, third.key, all('pending'));
  expect(receiver.received).toHaveLength(1);
  later = 3_100_000;
  for (const { key } of [first, second, third]) await alertOnce(catalog, key, all('sent'));
  expect(receiver.received).toHaveLength(4);
});

test('what does not arrive within a day is given up', async () => {
  const receiver = await startReceiver(refuse(500));
  const project = projectWith({ channels: { ops: webhook({ url: receiver.url }) } });
  const catalog = await catalogOf(project);
  const alert = anAlert();
  await catalog.raiseAlert(alert);
  let looks = 0;
  watch(catalog, project, { now: () => Date.now() + looks++ * 600_000 });
  const dead = await alertOnce(catalog, alert.key, all('dead'));
  expect(dead.deliveries[0]?.error).toContain('answered 500');
  expect(receiver.received.length).toBeGreaterThan(3);
});

test('several who watch send an alert once, and when the one who does it is gone another goes on', async () => {
  const receiver = await startReceiver();
  const project = projectWith({ channels: { ops: webhook({ url: receiver.url }) } });
  const catalogs = [await catalogOf(project), await catalogOf(project), await catalogOf(project)];
  const [catalog] = catalogs as [(typeof catalogs)[number]];
  const watches = catalogs.map((each) => watch(each, project, { patienceMs: 300 }));
  for (let round = 0; round < 3; round++) {
    const alerts = Array.from({ length: 10 }, () => anAlert({ pipeline: `p${round}` }));
    await Promise.all(alerts.map((alert, index) => (catalogs[index % 3] ?? catalog).raiseAlert(alert)));
    for (const { key } of alerts) await alertOnce(catalog, key, all('sent'));
    await watches[round]?.stop();
  }
  expect(receiver.received).toHaveLength(30);
  expect(new Set(receiver.received.map(({ body }) => body.id)).size).toBe(30);
});

test('two who both take themselves to be the one claim a delivery once', async () => {
  const project = projectWith({ channels: { ops: webhook({ url: 'http://127.0.0.1:9/' }) } });
  const [one, other] = [await catalogOf(project), await catalogOf(project)];
  const alerts = Array.from({ length: 20 }, () => anAlert());
  const at = '2026-01-05T00:00:00.000Z';
  for (const { key, ...rest } of alerts) {
    await one.raiseAlert({ key, ...rest });
    await one.routeAlert({ key, channels: ['ops'], heldBack: false, at, giveUpAt: '2027-01-01T00:00:00.000Z' });
  }
  const claim = async (catalog: typeof one): Promise<string[]> => {
    const keys: string[] = [];
    for (;;) {
      const claimed = await catalog.claimDelivery('ops', at, '2026-01-05T00:01:00.000Z');
      if (!claimed) return keys;
      keys.push(claimed.alert.key);
    }
  };
  const claimed = (await Promise.all([claim(one), claim(other)])).flat();
  expect(claimed.toSorted()).toEqual(alerts.map(({ key }) => key).toSorted());
});

test('one that is gone between send and mark costs one more message at most, of the same id', async () => {
  const receiver = await startReceiver();
  const project = projectWith({ channels: { ops: webhook({ url: receiver.url }) } });
  const catalog = await catalogOf(project);
  const alert = anAlert();
  await catalog.raiseAlert(alert);
  // It stands still where its process would have been killed.
  let goOn: () => void = () => undefined;
  const checkpoint = (): Promise<void> => new Promise((resolve) => (goOn = resolve));
  watch(await catalogOf(project), project, { checkpoint });
  await until(
    () => receiver.received.length === 1,
    () => 'it was sent',
  );
  expect(await catalog.findAlert(alert.key)).toMatchObject({ deliveries: [{ state: 'sending', attempts: 1 }] });
  // Of another task queue, so that the lease of the first one does not keep it away.
  watch(catalog, { ...project, taskQueue: 'another' }, { now: () => Date.now() + 61_000 });
  const sent = await alertOnce(catalog, alert.key, all('sent'));
  const [first, second] = receiver.received;
  expect(second?.body.id).toBe(first?.body.id);
  // Who comes back to life changes nothing.
  goOn();
  expect(await catalog.findAlert(alert.key)).toEqual(sent);
  expect(receiver.received).toHaveLength(2);
});
