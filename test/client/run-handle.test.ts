import { describe, expect, test } from 'vitest';
import { connect, type RunEvent } from '../../src/client/index.js';
import { broken, events, json, problem, unsteadyService } from './unsteady-service.js';

const RUNNING = { workflowId: 'w', runId: 'r', status: 'running', result: null, error: null };
const DONE = { ...RUNNING, status: 'completed', result: { rows: 3 } };
const FAILED = { ...RUNNING, status: 'failed', error: { code: 'CONTRACT_BREACH', message: 'Too many.', remedy: '' } };
const END = 'id: 9\nevent: end\ndata: {"status":"completed"}\n\n';

async function collect(told: AsyncIterable<RunEvent>): Promise<string[]> {
  const found: string[] = [];
  for await (const { id, event, data } of told) found.push(`${id} ${event} ${JSON.stringify(data)}`);
  return found;
}

describe('the events of a run', () => {
  test('are told until its end, without comments and without what this client does not know', async () => {
    const { url, asked } = await unsteadyService(
      events(
        `: hello\r\n\r\nid: 1\r\nevent: state\r\ndata: {"status":\r\ndata: "running"}\r\n\r\nevent: news\ndata: {}\n\nid: 2\nevent:step\ndata:{"step":"a"}\n\n:\n\n${END}id: 10\nevent: state\ndata: {}\n\n`,
        'stay',
      ),
    );
    expect(await collect(connect({ url, token: 't' }).runs.handle('d/1').events())).toEqual([
      '1 state {"status":"running"}',
      '2 step {"step":"a"}',
      '9 end {"status":"completed"}',
    ]);
    expect(asked).toMatchObject([
      { path: '/v1/runs/d%2F1/events', headers: { accept: 'text/event-stream', authorization: 'Bearer t' } },
    ]);
  });

  test('go on where they were when the connection breaks, or the service stops', async () => {
    const { url, asked } = await unsteadyService(
      events('id: 1\nevent: state\ndata: {}\n\nid: 2\nevent: st', 'break'),
      problem(503, 'CATALOG_UNAVAILABLE'),
      events('id: 2\nevent: step\ndata: {}\n\n'),
      events(END),
    );
    expect(await collect(connect({ url }).runs.handle('w').events({ after: '0' }))).toEqual([
      '1 state {}',
      '2 step {}',
      '9 end {"status":"completed"}',
    ]);
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual(['0', '1', '1', '2']);
  });

  test('of an unknown run are refused at once, and a service that is gone is given up', async () => {
    const unknown = await unsteadyService(problem(404, 'RUN_UNKNOWN'));
    await expect(collect(connect(unknown).runs.handle('w').events())).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    expect(unknown.asked).toHaveLength(1);
    const gone = await unsteadyService(events(''));
    await expect(
      collect(
        connect({ ...gone, retries: 1 })
          .runs.handle('w')
          .events(),
      ),
    ).rejects.toThrow(/closed the stream of events of run w/);
    expect(gone.asked).toHaveLength(2);
  });

  test('end with the reason of a signal, and when nobody listens any more', async () => {
    const { url } = await unsteadyService(events('id: 1\nevent: state\ndata: {}\n\n', 'stay'));
    const stop = new AbortController();
    const listening = (async () => {
      for await (const { id } of connect({ url }).runs.handle('w').events({ signal: stop.signal }))
        if (id === '1') stop.abort('enough');
    })();
    await expect(listening).rejects.toBe('enough');
    for await (const { event } of connect({ url }).runs.handle('w').events()) if (event === 'state') break;
  });
});

describe('the result of a run', () => {
  test('is what its pipeline returned, once the events have ended', async () => {
    const { url, asked } = await unsteadyService(events(END), json(DONE));
    expect(await connect({ url }).runs.handle('w').result()).toEqual({ rows: 3 });
    expect(asked.map(({ path }) => path)).toEqual(['/v1/runs/w/events', '/v1/runs/w']);
  });

  test('is looked for where there are no events', async () => {
    const { url, asked } = await unsteadyService(problem(404, 'ROUTE_UNKNOWN'), json(RUNNING), broken, json(DONE));
    expect(await connect({ url }).runs.handle('w').result()).toEqual({ rows: 3 });
    expect(asked).toHaveLength(4);
  });

  test('of one that failed is its error, under its code', async () => {
    const { url } = await unsteadyService(events(END), json(FAILED));
    await expect(connect({ url }).runs.handle('w').result()).rejects.toMatchObject({
      code: 'CONTRACT_BREACH',
      message: 'Too many.',
      details: { workflowId: 'w', runId: 'r', status: 'failed' },
    });
  });
});
