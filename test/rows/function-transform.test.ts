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
    expect(made.parts.map((part) => part.rows)).toEqual([1_001_472, 998_529]);
    const [counted] = await made.session.rows(
      `SELECT count(*) AS rows, count(DISTINCT id) AS ids, max(length(origin)) AS longest FROM ${made.table}`,
    );
    expect(counted).toEqual({ rows: 2_000_001n, ids: 2_000_000n, longest: 100n });
  });
});
