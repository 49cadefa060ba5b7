import { gzipSync } from 'node:zlib';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { sql } from '../../src/config/sql.js';
import type { EngineSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';
import { csvInput, csvPart, judgeDataset, manifestOf, summary, testSession } from './judging.js';

let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

const Order = contract(
  z.object({
    id: z.int(),
    name: z.string().min(1).optional(),
    amount: z.number().lt(100).default(3),
    day: z.iso.date().nullable(),
  }),
  {
    rules: { 'id below 1000': sql`id < 1000` },
  },
);
const COLUMNS = ['id', 'name', 'amount', 'day'];

it('types text, fills defaults, and keeps every rejected row with its line, value and all its issues', async () => {
  const folder = temporaryFolder();
  const lines = [
    'id,name,amount,day',
    '1,a,1,2001-01-01',
    '2,,,',
    '3,"",1.5,2001-02-30',
    'abc,y,100,2001-01-01',
    '2000,ok,1e1,2001-01-01',
    '1e2,z,+7,',
    '5,q,1_0,',
  ];
  const { judged, accepted, rejected } = await judgeDataset(session, folder, Order, csvInput(folder, COLUMNS, lines.join('\n')));
  expect(accepted).toEqual([
    { id: 1n, name: 'a', amount: 1, day: new Date('2001-01-01') },
    { id: 2n, name: null, amount: 3, day: null },
    { id: 100n, name: 'z', amount: 7, day: null },
  ]);
  expect(summary(rejected)).toEqual([
    '4: too_small name, invalid_format day',
    '5: invalid_type id, too_big amount',
    '6: row_rule',
    '8: invalid_type amount',
  ]);
  expect(rejected[1]?.reasons).toEqual([
    { code: 'invalid_type', path: 'id', message: 'Invalid input: expected number, received string', value: 'abc' },
    { code: 'too_big', path: 'amount', message: 'Too big: expected number to be <100', value: '100' },
  ]);
  expect(rejected[2]?.reasons).toEqual([{ code: 'row_rule', path: '', message: 'id below 1000', value: null }]);
  expect(JSON.parse(rejected[0]?.row ?? '')).toEqual({ id: '3', name: '', amount: '1.5', day: '2001-02-30' });
  expect(rejected[0]).toMatchObject({ source: 'orders.csv', byte: null });
  expect(judged.columns.map((column) => column.type)).toEqual(['BIGINT', 'VARCHAR', 'DOUBLE', 'DATE']);
  expect(judged.verdict).toMatchObject({ rowsRead: 7, accepted: 3, rejected: 4, judgedBySql: 7, undecided: 0, judgedByZod: 0 });
  expect(judged.verdict.reasons).toContainEqual({ code: 'row_rule', path: '', message: 'id below 1000', rows: 1 });
});

it('rejects malformed lines of every kind with their place and text, and numbers the rows between them right', async () => {
  const folder = temporaryFolder();
  const content = Buffer.concat([
    Buffer.from(
      '\ufeffid,name,amount,day\n1,"two\nlines",1,\n2000,rule,1,\n3,short\n2001,rule,1,\n4,x,1,,too,many\n5,"un"quoted,1,\n2002,rule,1,\n6,b',
    ),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('d,1,\n2003,rule,1,\n7,"never closed,1,\n8,swallowed,1,\n'),
  ]);
  const { judged, accepted, rejected } = await judgeDataset(session, folder, Order, csvInput(folder, COLUMNS, content));
  expect(accepted.map((row) => row.id)).toEqual([1n]);
  expect(summary(rejected)).toEqual([
    '3: row_rule',
    '4: malformed_line',
    '5: row_rule',
    '6: malformed_line',
    '7: malformed_line',
    '8: row_rule',
    '9: malformed_line',
    '10: row_rule',
    '11: malformed_line',
    '12: malformed_line',
  ]);
  const malformed = rejected.filter((row) => row.byte !== null);
  expect(malformed.map((row) => row.row.split(',')[0])).toEqual(['3', '4', '5', '6', '7']);
  for (const row of malformed.filter((each) => !each.row.includes('?'))) {
    expect(content.subarray(row.byte ?? 0, (row.byte ?? 0) + Buffer.byteLength(row.row)).toString()).toBe(row.row);
  }
  expect(malformed.every((row) => row.reasons.length === 1)).toBe(true);
  expect(judged.verdict).toMatchObject({ rowsRead: 11, accepted: 1, rejected: 10 });
});

it('reads gzip, other delimiters, CRLF and files without a header', async () => {
  const folder = temporaryFolder();
  const Pair = contract(z.object({ a: z.int(), b: z.string() }));
  const crlf = await judgeDataset(
    session,
    folder,
    Pair,
    csvInput(folder, ['a', 'b'], gzipSync('a;b\r\n1;x\r\nbad\r\ny;2\r\n3;\r\n'), { delimiter: ';', compression: 'gzip' }),
  );
  expect(crlf.accepted).toEqual([{ a: 1n, b: 'x' }]);
  expect(summary(crlf.rejected)).toEqual(['3: malformed_line', '4: invalid_type a', '5: invalid_type b']);
  expect(crlf.rejected[0]).toMatchObject({ byte: 10, row: 'bad' });
  const bare = await judgeDataset(session, folder, Pair, csvInput(folder, ['a', 'b'], '1,x\nz,y\n', { headerLines: 0 }));
  expect(summary(bare.rejected)).toEqual(['2: invalid_type a']);
});

it('tells an empty field from an empty text', async () => {
  const folder = temporaryFolder();
  const Text = contract(
    z.object({
      n: z.int(),
      required: z.string(),
      nullable: z.string().nullable(),
      optional: z.string().optional(),
      filled: z.string().default('none'),
    }),
  );
  const { accepted, rejected } = await judgeDataset(
    session,
    folder,
    Text,
    csvInput(
      folder,
      ['n', 'required', 'nullable', 'optional', 'filled'],
      'n,required,nullable,optional,filled\n1,"","","",""\n2,x,,,\n3,,,,\n',
    ),
  );
  expect(accepted).toEqual([
    { n: 1n, required: '', nullable: '', optional: '', filled: '' },
    { n: 2n, required: 'x', nullable: null, optional: null, filled: 'none' },
  ]);
  expect(rejected[0]?.reasons).toEqual([
    { code: 'invalid_type', path: 'required', message: 'Invalid input: expected string, received undefined', value: null },
  ]);
});

it('keeps odd characters as they are: U+FEFF, NUL, quotes, what lies beyond the BMP', async () => {
  const folder = temporaryFolder();
  const texts = ['\ufeffx', 'a\0b', 'say ""hi""', "it's", '😀', '\u2028', '\\', '{""a"":1}'];
  const content = `id,name\n${texts.map((text, index) => `${index},"${text}"`).join('\n')}\n`;
  const Text = contract(
    z.object({ id: z.int().min(100), name: z.string().refine((text) => texts.includes(text.replaceAll('"', '""')), 'altered') }),
  );
  const { rejected } = await judgeDataset(session, folder, Text, csvInput(folder, ['id', 'name'], content));
  expect(summary(rejected)).toEqual(texts.map((_, index) => `${index + 2}: too_small id`));
  expect(rejected.map((row) => (JSON.parse(row.row) as { name: string }).name)).toEqual(
    texts.map((text) => text.replaceAll('""', '"')),
  );
});

it('judges nothing in an empty file, and every row of one where all are bad', async () => {
  const folder = temporaryFolder();
  const empty = await judgeDataset(session, folder, Order, csvInput(folder, COLUMNS, 'id,name,amount,day\n'));
  expect(empty.judged.verdict).toEqual({
    rowsRead: 0,
    accepted: 0,
    rejected: 0,
    judgedBySql: 0,
    undecided: 0,
    judgedByZod: 0,
    reasons: [],
  });
  expect(empty.accepted).toEqual([]);
  const bad = await judgeDataset(
    session,
    folder,
    Order,
    csvInput(folder, COLUMNS, `id,name,amount,day\n${'x,,,\n'.repeat(5000)}`),
  );
  expect(bad.judged.verdict).toMatchObject({ rowsRead: 5000, accepted: 0, rejected: 5000 });
  expect(bad.accepted).toEqual([]);
});

it('keeps lines apart from each other in several files, read by several threads', async () => {
  const folder = temporaryFolder();
  const rows = (from: number): string =>
    Array.from({ length: 60_000 }, (_, at) =>
      at % 7000 === 6999 ? `${from + at},broken` : at % 5000 === 4999 ? `${from + at},x,500,` : `${from + at},x,1,`,
    ).join('\n');
  const files = [0, 1].map((index) => {
    const file = path.join(folder, `part-${index}.csv`);
    writeFileSync(file, `id,name,amount,day\n${rows(0)}\n`);
    return csvPart(file, `part-${index}.csv`, COLUMNS);
  });
  const input = manifestOf(
    COLUMNS.map((name) => ({ name, type: 'VARCHAR', nullable: true })),
    files,
  );
  const Loose = contract(Order.schema);
  const { judged, rejected } = await judgeDataset(session, folder, Loose, input);
  expect(judged.verdict.rowsRead).toBe(120_000);
  for (const file of ['part-0.csv', 'part-1.csv']) {
    const found = rejected.filter((row) => row.source === file);
    expect(found).toHaveLength(19);
    for (const row of found) {
      const id = row.byte === null ? Number((JSON.parse(row.row) as { id: string }).id) : Number.parseInt(row.row, 10);
      expect(row.line).toBe(id + 2);
    }
  }
});

it('applies a filter to values, keeps rows it cannot place, and leaves none of the others behind', async () => {
  const folder = temporaryFolder();
  const content =
    'id,name,amount,day\n1,a,9,2001-01-01\n2,b,10,2001-01-02\n3,c,x,2001-01-03\n4,d,200,2001-01-04\n5,e,11,2001-02-01\n6,f,12,2001-01-05\n';
  const filter = { amount: { gte: 10 }, day: { lt: '2001-02-01' } };
  const { judged, accepted, rejected } = await judgeDataset(
    session,
    folder,
    Order,
    csvInput(folder, COLUMNS, content, {}, filter),
  );
  expect(accepted.map((row) => row.id)).toEqual([2n, 6n]);
  expect(summary(rejected)).toEqual(['4: invalid_type amount', '5: too_big amount']);
  expect(judged.verdict).toMatchObject({ rowsRead: 4, accepted: 2, rejected: 2 });
});

it('refuses a header without a required column, and names what is near', async () => {
  const folder = temporaryFolder();
  const input = csvInput(folder, ['ids', 'name'], 'ids,name\n1,a\n');
  await expect(judgeDataset(session, folder, Order, input)).rejects.toMatchObject({
    code: 'FILE_HEADER',
    message:
      'The header of orders.csv lacks "id" (did you mean "ids"?), "day". It has: ids, name. Contract "Order" needs: id, day. Correct the header or the contract.',
  });
});

it('says which file is gone', async () => {
  const folder = temporaryFolder();
  const input = csvInput(folder, COLUMNS, 'id,name,amount,day\n');
  rmSync(path.join(folder, 'orders.csv'));
  await expect(judgeDataset(session, folder, Order, input)).rejects.toMatchObject({
    code: 'FILE_MISSING',
    message: expect.stringContaining('orders.csv is gone') as string,
  });
});

it('counts every line that a quote which is never closed has taken with it', async () => {
  const folder = temporaryFolder();
  const lines = Array.from({ length: 60 }, (_, index) => (index === 29 ? '30,"open,1,' : `${index + 1},n${index},1,`));
  const { judged, accepted, rejected } = await judgeDataset(
    session,
    folder,
    Order,
    csvInput(folder, COLUMNS, ['id,name,amount,day', ...lines, ''].join('\n')),
  );
  expect(accepted).toHaveLength(29);
  expect(judged.verdict).toMatchObject({ rowsRead: 60, accepted: 29, rejected: 31 });
  expect(rejected.map((reject) => reject.row)).toEqual(lines.slice(29));
});

it('refuses a file in which a quote that is never closed has taken more than can be counted', async () => {
  const folder = temporaryFolder();
  const lines = Array.from({ length: 5000 }, (_, index) => (index === 2999 ? '3000,"open,1,' : `${index + 1},n${index},1,`));
  const input = csvInput(folder, COLUMNS, ['id,name,amount,day', ...lines, ''].join('\n'));
  await expect(judgeDataset(session, folder, Order, input)).rejects.toMatchObject({
    code: 'FILE_FORMAT',
    message: expect.stringMatching(/line 3001 \(byte \d+\): a quote is opened and not closed/),
  });
});
