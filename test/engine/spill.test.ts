import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';

const ROWS = 1_000_000;
const TEXT = (key: string): string => `md5(${key}) || sha256(${key})`;

test('sessions that spill at once into one directory keep their rows apart, and leave nothing there', async () => {
  const folder = temporaryFolder();
  const spillDirectory = path.join(folder, 'spill');
  const shuffle = async (turn: number): Promise<unknown> => {
    const limits = { memoryLimit: '150MB', threads: 2, spillDirectory };
    const session = await openSession(limits, new AbortController().signal);
    try {
      const file = path.join(folder, `${turn}.parquet`);
      const rows = `SELECT md5(range || '-${turn}') AS place, range AS id, ${TEXT('range::VARCHAR')} AS text FROM range(${ROWS})`;
      await session.run(`COPY (${rows} ORDER BY place) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 20480)`);
      const [found] = await session.rows(
        `SELECT count(*)::INT AS rows, count(*) FILTER (text <> ${TEXT('id::VARCHAR')} OR place <> md5(id || '-${turn}'))::INT AS wrong FROM '${file}'`,
      );
      return found;
    } finally {
      session.close();
    }
  };
  const right = { rows: ROWS, wrong: 0 };
  expect(await Promise.all([1, 2, 3].map(shuffle))).toEqual([right, right, right]);
  expect(readdirSync(path.join(spillDirectory, 'scratch'))).toEqual([]);
}, 60_000);
