import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lastingFolder } from '../support/folder.js';
import { openScene, type FunctionScene } from './function-scene.js';

const FLIGHTS = `SELECT range AS id, 'SFO' AS origin, 'LAX' AS destination, CASE WHEN range % 5 <> 0 THEN range % 120 END::DOUBLE AS delay, DATE '2024-01-01' + (range % 31)::INT AS date FROM range(COUNT)`;
const flights = (count: number): string => FLIGHTS.replace('COUNT', String(count));
const AIRPORTS = `SELECT * FROM (VALUES ('SFO', 'CA'), ('NYC', NULL)) AS airports(iata, state)`;

let root: string;
let scene: FunctionScene;

beforeAll(async () => {
  root = lastingFolder();
  scene = await openScene(root);
});
afterAll(() => scene.close());

describe('a function', () => {
  test('reads one input in batches and another as a whole, and its rows are written in their order', async () => {
    const progress: number[] = [];
    const made = await scene.run(
      'lateFlights',
      { flights: flights(10_000), airports: AIRPORTS },
      { params: { minutes: 90 }, progress: (rows) => void progress.push(rows) },
    );
    const found = await made.session.rows(`FROM ${made.table}`);
    const expected = await made.session.rows(
      `SELECT id, date, 'CA' AS state, delay / 60 AS "hoursLate" FROM (${flights(10_000)}) WHERE delay >= 90 ORDER BY id`,
    );
    expect(found).toEqual(expected);
    expect(made.rows).toBe(expected.length);
    expect(made.columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'BIGINT'],
      ['date', 'DATE'],
      ['state', 'VARCHAR'],
      ['hoursLate', 'DOUBLE'],
    ]);
    expect(progress.at(-1)).toBe(10_002);
  });

  test('gives the same bytes every time', async () => {
    const inputs = { flights: flights(20_000), airports: AIRPORTS };
    const bytes = async (): Promise<Buffer> => {
      const made = await scene.run('lateFlights', inputs, { params: { minutes: 30 } });
      return readFile(/'([^']+)'/.exec(made.table)?.[1] as string);
    };
    expect(await bytes()).toEqual(await bytes());
  });

  test('may be written in the config, and may return its rows', async () => {
    const made = await scene.run('inline', { flights: flights(2) });
    expect(await made.session.rows(`FROM ${made.table}`)).toEqual([
      { iata: 'SFO', state: null },
      { iata: 'SFO', state: null },
    ]);
  });

  test('that yields nothing makes a dataset without rows', async () => {
    const made = await scene.run('lateFlights', { flights: flights(0), airports: AIRPORTS }, { params: { minutes: 30 } });
    expect(made).toMatchObject({ rows: 0, parts: [{ rows: 0 }] });
    expect(await made.session.rows(`DESCRIBE FROM ${made.table}`)).toHaveLength(4);
  });

  test('may leave its loops early and run several beside each other', async () => {
    const made = await scene.run('mishap', { flights: flights(10_000) }, { params: { how: 'leaves early' } });
    expect(made.rows).toBe(1);
  });

  test('that yields more rows than a part holds gets several parts', async () => {
    const made = await scene.run('mishap', { flights: flights(1) }, { params: { how: 'yields much' } });
    expect(made.parts.map((part) => part.rows)).toEqual([1_001_472, 48_529]);
    const [counted] = await made.session.rows(`SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM ${made.table}`);
    expect(counted).toEqual({ rows: 1_050_001n, ids: 1_050_000n });
  });
});

describe('a function that', () => {
  const failing = (how: string, options: { memoryMb?: number; signal?: AbortSignal } = {}) =>
    scene.run('mishap', { flights: flights(10) }, { params: { how }, ...options });

  test('yields a value that its column cannot hold is told the row and the column', async () => {
    await expect(failing('a date that is none')).rejects.toMatchObject({
      code: 'TRANSFORM_VALUE',
      message:
        'Transform "mishap": row 2 that it yields has a text in column "date", where its contract wants a date as text, 2001-02-03. Correct the function or the contract.',
    });
  });

  test('throws is told so with file and line', async () => {
    await expect(failing('throws')).rejects.toMatchObject({
      code: 'TRANSFORM_FAILED',
      message: expect.stringMatching(
        /^The function of transform "mishap" threw \(transforms\/mishap\.ts:\d+:\d+\): no such flight\.$/,
      ),
    });
    await expect(failing('throws later')).rejects.toMatchObject({
      code: 'TRANSFORM_FAILED',
      message: expect.stringMatching(/threw \(transforms\/mishap\.ts:\d+:\d+\): too late/),
    });
  });

  test('ends its thread, or fills its memory, fails alone', async () => {
    await expect(failing('exits')).rejects.toMatchObject({
      code: 'TRANSFORM_DIED',
      message: expect.stringContaining('ended itself with the code 3'),
    });
    await expect(failing('takes memory', { memoryMb: 32 })).rejects.toMatchObject({
      code: 'TRANSFORM_DIED',
      message: expect.stringContaining('more than the 32 MB it may have'),
    });
  });

  test('asks for more rows at once than it said is refused', async () => {
    await expect(failing('asks for all')).rejects.toMatchObject({
      code: 'TRANSFORM_INPUT_SIZE',
      message: expect.stringMatching(/asks for all rows of the input "flights", which has more than 2\./),
    });
  });

  test('looks at its environment finds no secret there', async () => {
    process.env['FUNCTIONS_SECRET'] = 'hidden';
    await expect(failing('tells its environment')).rejects.toMatchObject({
      message: expect.not.stringContaining('FUNCTIONS_SECRET'),
    });
  });

  test.each(['spins', 'waits'])('%s ends within two seconds when the step is cancelled', async (how) => {
    const controller = new AbortController();
    const running = failing(how, { signal: controller.signal });
    running.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const cancelled = Date.now();
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(Date.now() - cancelled).toBeLessThan(2000);
  });

  test.each([
    ['broken', /function of transform "broken" does not load.*broken\.ts:2:/s],
    ['noFunction', /"noFunction" does not load: what it loads is no function and no module with one as its default export/],
  ])('cannot be imported is told why: %s', async (transform, message) => {
    await expect(scene.run(transform, { flights: flights(1) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
