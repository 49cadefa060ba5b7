import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { signDelivery } from '../../src/operations/webhook-signature.js';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { openScene, patience, type TriggerScene } from './scene.js';

vi.setConfig({ testTimeout: 180_000 });
const SECRET = 'a secret of tests that is long enough';
let scene: TriggerScene;
let service: ProjectService;

beforeAll(async () => {
  scene = await openScene();
  service = await startProjectService(scene.worker.project);
}, 120_000);

afterAll(async () => {
  await service?.stop();
  await scene?.stop();
});

/** Puts a file into the inbox that nobody has written for a minute. */
function arrive(name: string, text: string): void {
  const file = path.join(scene.lake, name);
  writeFileSync(file, text);
  utimesSync(file, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
  renameSync(file, path.join(scene.lake, 'inbox', name));
}

describe('files', () => {
  test('start a run once each, and again when they have changed or come back', async () => {
    arrive('a.csv', 'id\n1\n');
    arrive('not-one.txt', 'id\n1\n');
    await scene.begin('inbox');
    expect(await scene.results('inbox', 1)).toEqual([['inbox/a.csv']]);
    const waits = await scene.cameTo('inbox', 'waiting');
    expect(waits.at(-1)?.reason).toBe('No file inbox/*.csv in "lake" is new.');
    arrive('a.csv', 'id\n1\n2\n');
    expect(await scene.results('inbox', 2)).toEqual([['inbox/a.csv'], ['inbox/a.csv']]);
    rmSync(path.join(scene.lake, 'inbox', 'a.csv'));
    await vi.waitUntil(
      async () => (await scene.catalog.readTriggerMark(`files/millrace.trigger/${scene.worker.taskQueue}/inbox`)) === '{}',
      patience,
    );
    arrive('a.csv', 'id\n1\n2\n');
    expect(await scene.results('inbox', 3)).toHaveLength(3);
  });

  test('that are looked for in vain, again and again, are one evaluation that counts them', async () => {
    const counted = await vi.waitUntil(
      async () => (await scene.evaluations('inbox')).find(({ outcome, times }) => outcome === 'waiting' && times > 2),
      patience,
    );
    expect(Date.parse(counted.at)).toBeGreaterThan(Date.parse(counted.firstAt));
  });
});

describe('a condition', () => {
  test('that cannot be asked is told with its reason and by an alert, and asked again', async () => {
    await scene.begin('ready');
    const [failed] = await scene.cameTo('ready', 'failed');
    expect(failed?.reason).toContain('readiness');
    const key = `${String(failed?.trigger)} sql  ${String(failed?.code)} ${String(failed?.firstAt).slice(0, 10)}`;
    expect(await scene.catalog.findAlert(key)).toMatchObject({ kind: 'trigger', pipeline: 'ready' });
  });

  test('starts a run for each value once, and for the same value again after it did not hold', async () => {
    const { query } = scene.database;
    await query('CREATE TABLE readiness (state text)');
    const [no] = await scene.cameTo('ready', 'waiting');
    expect(no?.reason).toBe('The condition does not hold.');
    await query("INSERT INTO readiness VALUES ('january')");
    expect(await scene.results('ready', 1)).toEqual(['january']);
    await vi.waitUntil(
      async () => (await scene.evaluations('ready')).some(({ reason }) => reason?.startsWith('The answer is the one') === true),
      patience,
    );
    await query("UPDATE readiness SET state = 'february'");
    expect(await scene.results('ready', 2)).toEqual(['january', 'february']);
    const before = (await scene.evaluations('ready')).length;
    await query('UPDATE readiness SET state = NULL');
    await vi.waitUntil(async () => (await scene.evaluations('ready')).length > before, patience);
    await query("UPDATE readiness SET state = 'february'");
    expect(await scene.results('ready', 3)).toEqual(['january', 'february', 'february']);
  });
});

describe('a webhook', () => {
  const send = (id: string, body: string, changes: Readonly<Record<string, string>> = {}, pipeline = 'hooked') => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signDelivery({ id, timestamp, body }, SECRET),
    };
    return fetch(`${service.url}/v1/hooks/${pipeline}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers, ...changes },
      body,
    });
  };

  test('is unknown until the triggers are applied', async () => {
    expect((await send('early', '{"order":1}')).status).toBe(404);
    expect((await send('early', '{}', {}, 'fill')).status).toBe(404);
  });

  test('starts a run with its body as parameters, once for each delivery however often it is sent', async () => {
    await scene.begin('hooked');
    const answer = await send('one', '{"order":41}');
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ pipeline: 'hooked', delivery: 'one' });
    expect(await scene.results('hooked', 1)).toEqual([41]);
    expect((await send('one', '{"order":41}')).status).toBe(202);
    const [duplicate] = await scene.cameTo('hooked', 'duplicate');
    expect(duplicate).toMatchObject({ inputs: ['delivery one'] });
    expect((await send('two', '{"order":42}')).status).toBe(202);
    expect(await scene.results('hooked', 2)).toEqual([41, 42]);
  });

  test('with a wrong signature is refused, and that is in the audit', async () => {
    const refused = await send('bad', '{"order":1}', { 'webhook-signature': 'v1,bm90aGluZw==' });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: 'SIGNATURE_INVALID' });
    const { items } = await scene.operations.listAudit({ operation: 'deliverWebhook' });
    const told = items.find(({ code }) => code === 'SIGNATURE_INVALID');
    expect(told).toMatchObject({ actor: 'webhook of hooked', outcome: 'refused', target: 'hooked', from: '127.0.0.1' });
  });

  test.each([
    ['no JSON', '{"order":', 400],
    ['no object', '[1]', 400],
    ['wrong parameters', '{"order":"many"}', 422],
    ['too much', `{"order":1,"rest":"${'x'.repeat(70_000)}"}`, 413],
  ])('with a body of %s is refused', async (_name, body, status) => {
    expect((await send('bad', body)).status).toBe(status);
  });
});
