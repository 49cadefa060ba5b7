import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../../../src/config/contract.js';
import { CsvLines } from '../../../src/connectors/files/csv-lines.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { datasetSelect } from '../../../src/engine/dataset-sql.js';
import { withContext } from '../../conformance/context.js';
import { judgeDataset, manifestOf, testSession } from '../../contracts/judging.js';
import { temporaryFolder } from '../../support/folder.js';

/** Too long to be read from one place. */
const LONG = 'x,y\n'.repeat(1_200_000);

test.each([
  ['a,b\n1,2\n', false],
  ['a,b\r\n1,2', false],
  ['"a","b"\n"1,5","say ""hi"""\n"","x"', false],
  ['\uFEFF"a";"b"\n"1";"2"\n', false],
  ['a,b\n1,"2\n3"\n', true],
  ['a,b\n1,"2\r3"\n', true],
  ['a,b\n1,"""\n"""\n', true],
  ['a,b\n1,5" pipe\n', true],
  ['a,b\n1,  "2"\n', false],
  ['a,b\n1,"2"x\n', true],
  ['a,b\nx"y,"1\n2",z"w\n', true],
])('a large file that begins with %j has to be read from its start: %s, wherever it is cut', (text, expected) => {
  const bytes = Buffer.from(text);
  const rest = Buffer.from(`\n${LONG}`);
  // The byte order mark comes with what follows it.
  for (let cut = text.startsWith('\uFEFF') ? bytes.length : 0; cut <= bytes.length; cut++) {
    const lines = new CsvLines('"');
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut), rest]) lines.take(piece);
    expect([cut, lines.needStart, lines.openSince]).toEqual([cut, expected, undefined]);
  }
});

test('a small file is read from one place anyway, and a quote that nothing closes is found', () => {
  const lines = new CsvLines('"');
  lines.take(Buffer.from('a,b\n1,"2\n3",'));
  expect(lines.needStart).toBe(false);
  lines.take(Buffer.from('"4,5\n'));
  expect(lines.openSince).toBe(12);
});

// More than DuckDB reads from one place, of texts whose lines look like records.
const TEXT = Array.from({ length: 20 }, (_, line) => `Dear reader, this is ${line}`).join('\n');
const LETTERS = Array.from({ length: 100_000 }, (_, id) => `${id},"${TEXT}"\n`);

test.each(['letters.csv', 'letters.csv.gz'])('lines of texts in a large file, %s, are never taken for rows', async (name) => {
  const root = temporaryFolder();
  const text = `id,letter\n${LETTERS.join('')}`;
  writeFileSync(join(root, name), name.endsWith('.gz') ? gzipSync(text, { level: 1 }) : text);
  const connector = await openConnector('files', 'lake', { root });
  const input = await withContext(async (context) => {
    const extracted = await connector.source?.extract({ dataset: 'd', options: { path: name }, directory: root }, context);
    const manifest = manifestOf(extracted?.columns ?? [], extracted?.parts ?? []);
    const [counted] = await context.session.rows(`SELECT count(*) AS rows FROM (${datasetSelect(manifest, root)})`);
    expect(counted).toEqual({ rows: BigInt(LETTERS.length) });
    return manifest;
  });
  const session = await testSession();
  try {
    const Letter = contract(z.object({ id: z.string(), letter: z.string() }));
    const { judged } = await judgeDataset(session, temporaryFolder(), Letter, input);
    expect(judged.verdict).toMatchObject({ rowsRead: LETTERS.length, accepted: LETTERS.length, rejected: 0 });
  } finally {
    session.close();
  }
});
