import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RUN_EVENTS, type RunEventType } from '../../src/api/schemas/run-events.js';
import { allOf, openEventStream, type Message } from '../support/event-stream.js';
import { lastingFolder } from '../support/folder.js';
import { startGuardedService, type GuardedService } from '../support/guarded-service.js';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';

let worker: ProjectWorker;
let service: ProjectService;

beforeAll(async () => {
  const lake = lastingFolder();
  await writeFile(path.join(lake, 'sound.csv'), 'id,customer,amount,month\n1,1,10,2024-01\n2,2,20,2024-01\n');
  await writeFile(path.join(lake, 'customers.csv'), 'id,since\n1,2020-01-01\n2,2024-01-01\n');
  const project = path.resolve(import.meta.dirname, '../fixtures/audits');
  const env = { AUDITS_LAKE: lake, AUDITS_WAREHOUSE: 'postgres://nobody@127.0.0.1:1/none' };
  worker = await startProjectWorker(project, lastingFolder(), env);
  service = await startProjectService(worker.project);
});

afterAll(async () => {
  await service?.stop();
  await worker?.stop();
});

const eventsOf = (run: string, headers?: Record<string, string>) =>
  openEventStream(`${service.url}/v1/runs/${encodeURIComponent(run)}/events`, headers);

const start = async (file: string) =>
  (await service.operations.startRun({ pipeline: 'checkOrders', params: { path: file } })).workflowId;

const linesOf = (messages: readonly Message[]) =>
  messages.filter(({ event }) => event === 'log').map(({ data }) => String(data['id']));

describe('the events of a run', () => {
  test('tell its state, its steps and its log, and at last how it ended', async () => {
    const run = await start('sound.csv');
    const stream = await eventsOf(run);
    expect(stream.status).toBe(200);
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const messages = await allOf(stream);
    for (const { event, data } of messages) RUN_EVENTS[event as RunEventType].strict().parse(data);
    expect(messages[0]).toMatchObject({ event: 'state', data: { workflowId: run } });
    const steps = messages.filter(({ event }) => event === 'step').map(({ data }) => [data['step'], data['status']]);
    expect(steps).toContainEqual(['extract:orders', 'done']);
    const lines = linesOf(messages);
    expect(lines).toEqual([...new Set(lines)]);
    expect(lines).toContain('begin');
    expect(lines).toContain('end');
    expect(messages.at(-1)).toMatchObject({ event: 'end', data: { status: 'completed', error: null } });
    expect(messages.filter(({ event }) => event === 'end')).toHaveLength(1);
  });

  test('of one that failed tell with which error', async () => {
    const messages = await allOf(await eventsOf(await start('missing.csv')));
    expect(messages.at(-1)).toMatchObject({ event: 'end', data: { status: 'failed', error: { code: 'FILE_MISSING' } } });
  });

  test('of one that has ended are there at once, and begin again with its state for everybody', async () => {
    const run = await start('sound.csv');
    const first = await allOf(await eventsOf(run));
    const again = await allOf(await eventsOf(run));
    expect(again[0]?.event).toBe('state');
    expect(linesOf(again).toSorted()).toEqual(linesOf(first).toSorted());
    expect(again.at(-1)).toMatchObject({ event: 'end', data: { status: 'completed' } });
  });

  test('go on where somebody was who comes back with the last id, and repeat nothing', async () => {
    const run = await start('sound.csv');
    const whole = eventsOf(run).then(allOf);
    const stream = await eventsOf(run);
    const begun: Message[] = [];
    for await (const message of stream.messages) {
      begun.push(message);
      if (begun.length === 1) break;
    }
    stream.close();
    await whole;
    const rest = await allOf(await eventsOf(run, { 'last-event-id': begun[0]?.id ?? '' }));
    expect(rest.at(-1)?.event).toBe('end');
    const lines = linesOf([...begun, ...rest]);
    expect(lines).toEqual([...new Set(lines)]);
    expect(lines).toContain('end');
    const last = rest.at(-2);
    const nothingElse = await allOf(await eventsOf(run, { 'last-event-id': last?.id ?? '' }));
    expect(nothingElse.map(({ event }) => event)).toEqual(['end']);
    const strange = await allOf(await eventsOf(run, { 'last-event-id': 'nothing of ours' }));
    expect(linesOf(strange).toSorted()).toEqual(linesOf(await whole).toSorted());
  });

  test('are the same for all who listen', async () => {
    const run = await start('sound.csv');
    const streams = await Promise.all(Array.from({ length: 20 }, () => eventsOf(run)));
    const told = await Promise.all(streams.map(allOf));
    for (const each of told) {
      expect(linesOf(each).toSorted()).toEqual(linesOf(told[0] ?? []).toSorted());
      expect(each.at(-1)?.event).toBe('end');
    }
  });
});

describe('where nobody works', () => {
  let guarded: GuardedService;
  beforeAll(async () => {
    guarded = await startGuardedService();
  });
  afterAll(() => guarded?.stop());

  test('a stream is refused to those who may not see the run, and for a run that nobody knows', async () => {
    const operator = await guarded.as({ role: 'operator' });
    const { workflowId } = await operator.startRun({ pipeline: 'judgeOrders', params: { path: 'x.csv' } });
    const status = async (run: string, token?: string) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`${guarded.url}/v1/runs/${encodeURIComponent(run)}/events`, { headers });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    expect(await status(workflowId)).toEqual([401, 'UNAUTHENTICATED']);
    expect(await status(workflowId, await guarded.token({ owners: ['sales'] }))).toEqual([403, 'FORBIDDEN']);
    expect(await status('nobody', await guarded.token({}))).toEqual([404, 'RUN_UNKNOWN']);
    await operator.cancelRun({ run: workflowId });
  });

  test('a stream says that no worker is there, and ends with a word when the service stops', async () => {
    const own = await startGuardedService();
    const operator = await own.as({ role: 'operator' });
    const { workflowId } = await operator.startRun({ pipeline: 'judgeOrders', params: { path: 'x.csv' } });
    const stream = await openEventStream(`${own.url}/v1/runs/${workflowId}/events`, {
      authorization: `Bearer ${await own.token({})}`,
    });
    const { value } = await stream.messages.next();
    expect(value).toMatchObject({ event: 'state', data: { status: 'running', worker: false } });
    await operator.cancelRun({ run: workflowId });
    await Promise.all([own.stop(), allOf(stream)]);
    expect(stream.comments).toEqual(['the service ends this stream']);
  });
});
