import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { sql } from '../../src/config/sql.js';
import type { EngineSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';
import { csvInput, judgeDataset, parquetInput, summary, testSession } from './judging.js';

let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

it('sends only undecided rows to zod, and counts them apart', async () => {
  const folder = temporaryFolder();
  const Page = contract(z.object({ url: z.url(), name: z.string().regex(/^.{1,5}$/) }));
  const lines = [
    'https://example.com,plain',
    'https://example.com/ä,plain',
    'no url,plain',
    'https://example.com,😀😀',
    'https://example.com,😀😀😀',
    'https://example.com,too long',
  ];
  const { judged, accepted, rejected } = await judgeDataset(
    session,
    folder,
    Page,
    csvInput(folder, ['url', 'name'], `url,name\n${lines.join('\n')}\n`),
  );
  expect(accepted).toHaveLength(3);
  expect(summary(rejected)).toEqual(['4: invalid_format url', '6: invalid_format name', '7: invalid_format name']);
  expect(judged.verdict).toMatchObject({ rowsRead: 6, judgedBySql: 2, undecided: 4, judgedByZod: 4 });
});

it('runs refinements in zod on the rows that SQL lets through, and names all issues of the others', async () => {
  const folder = temporaryFolder();
  const seen: string[] = [];
  const Code = contract(
    z
      .object({
        code: z
          .string()
          .min(2)
          .refine((code) => (seen.push(code), !code.startsWith('x')), 'starts with x'),
        n: z.int().nullable(),
      })
      .refine((row) => row.n === null || row.n > 0, { message: 'n is not positive', path: ['n'] }),
    { rules: { 'n below 10': sql`coalesce(n, 0) < 10` } },
  );
  const { judged, accepted, rejected } = await judgeDataset(
    session,
    folder,
    Code,
    csvInput(folder, ['code', 'n'], 'code,n\nab,1\nxy,\nx,-1\ncd,-1\nef,12\ngh,y\n'),
  );
  expect(accepted).toEqual([{ code: 'ab', n: 1n }]);
  expect(summary(rejected)).toEqual([
    '3: custom code',
    '4: too_small code, custom code, custom n',
    '5: custom n',
    '6: row_rule',
    '7: invalid_type n',
  ]);
  expect(judged.verdict).toMatchObject({ rowsRead: 6, judgedBySql: 3, undecided: 0, judgedByZod: 3 });
});

it('waits for asynchronous refinements', async () => {
  const folder = temporaryFolder();
  const Slow = contract(z.object({ a: z.string().refine(async (text) => Promise.resolve(text === 'ok')) }));
  const { rejected } = await judgeDataset(session, folder, Slow, csvInput(folder, ['a'], 'a\nok\nbad\n'));
  expect(summary(rejected)).toEqual(['3: custom a']);
});

it('says which contract holds a function that throws', async () => {
  const folder = temporaryFolder();
  const Thrower = contract(z.object({ a: z.string().refine(() => JSON.parse('{') as boolean) }));
  await expect(judgeDataset(session, folder, Thrower, csvInput(folder, ['a'], 'a\nx\n'))).rejects.toMatchObject({
    code: 'CONTRACT_FUNCTION',
    message: expect.stringContaining('A function of column "a" of contract "Order" threw at line 2 of orders.csv: ') as string,
  });
});

it('keeps what zod makes of a value, and asks the rules in SQL about it', async () => {
  const folder = temporaryFolder();
  const Changed = contract(
    z.object({
      id: z.coerce.number(),
      name: z.string().trim().toLowerCase().min(2),
      size: z
        .string()
        .transform((text) => text.length)
        .pipe(z.int()),
      flag: z.stringbool(),
      level: z.number().catch(-1),
      url: z.url(),
      kept: z.string().optional(),
    }),
    { rules: { 'size fits': sql`size < 4 AND length(name) < 5` } },
  );
  const columns = ['id', 'name', 'size', 'flag', 'level', 'url', 'kept'];
  const lines = [
    '0x10, AB ,abc,yes,7,https://example.com,k',
    '2,cd,abcd,no,x, https://example.com/a ,',
    '3, e ,a,off,1,https://example.com,',
    '4,toolong,ab,on,1,https://example.com,',
    '5,ok,a,maybe,1,https://example.com,',
    '6,fine,"",1,"",https://example.com/b,',
  ];
  const input = csvInput(folder, columns, `${columns.join()}\n${lines.join('\n')}\n`);
  const { judged, accepted, rejected } = await judgeDataset(session, folder, Changed, input);
  expect(accepted).toEqual([
    { id: 16, name: 'ab', size: 3n, flag: true, level: 7, url: 'https://example.com', kept: 'k' },
    { id: 6, name: 'fine', size: 0n, flag: true, level: -1, url: 'https://example.com/b', kept: null },
  ]);
  expect(summary(rejected)).toEqual(['3: row_rule', '4: too_small name', '5: row_rule', '6: invalid_value flag']);
  expect(judged.verdict).toMatchObject({ rowsRead: 6, accepted: 2, rejected: 4 });
  expect(judged.columns.map((column) => column.type)).toEqual([
    'DOUBLE',
    'VARCHAR',
    'BIGINT',
    'BOOLEAN',
    'DOUBLE',
    'VARCHAR',
    'VARCHAR',
  ]);
  const typed = await judgeDataset(
    session,
    folder,
    contract(z.object({ name: z.string().trim().min(2) })),
    await parquetInput(session, folder, "SELECT unnest([' ab ', ' c ', 'de']) AS name"),
  );
  expect(typed.accepted).toEqual([{ name: 'ab' }, { name: 'de' }]);
  expect(summary(typed.rejected)).toEqual(['2: too_small name']);
});

it('rejects a row whose value a function leaves with half a surrogate pair, instead of failing or changing it', async () => {
  const folder = temporaryFolder();
  const begin = (text: string): string => text.slice(0, 2);
  const Cut = contract(
    z.object({
      n: z.int(),
      short: z.string().overwrite(begin),
      parts: z
        .string()
        .transform((text) => [begin(text)])
        .pipe(z.array(z.string())),
      filled: z.string().default('\ud83d'),
      caught: z.string().max(3).catch('\ude00'),
    }),
  );
  const lines = ['1,abc,abc,x,y', '2,a😀,abc,x,y', '3,abc,a😀,x,y', '4,abc,abc,,y', '5,abc,abc,x,long'];
  const input = csvInput(
    folder,
    ['n', 'short', 'parts', 'filled', 'caught'],
    `n,short,parts,filled,caught\n${lines.join('\n')}\n`,
  );
  const { accepted, rejected } = await judgeDataset(session, folder, Cut, input);
  expect(accepted).toEqual([{ n: 1n, short: 'ab', parts: ['ab'], filled: 'x', caught: 'y' }]);
  expect(
    rejected.map(({ line, reasons }) => [line, ...reasons.map(({ path, message, value }) => [path, message, value])]),
  ).toEqual([
    [3, ['short', 'The value cannot be held as VARCHAR', 'a😀']],
    [4, ['parts', 'The value cannot be held as VARCHAR[]', null]],
    [5, ['filled', 'The value cannot be held as VARCHAR', null]],
    [6, ['caught', 'The value cannot be held as VARCHAR', 'long']],
  ]);
});

it('refuses a function whose result has no declared type', async () => {
  const folder = temporaryFolder();
  const Untyped = contract(z.object({ a: z.string().transform((text) => text.length) }));
  await expect(judgeDataset(session, folder, Untyped, csvInput(folder, ['a'], 'a\nx\n'))).rejects.toMatchObject({
    code: 'CONTRACT_COLUMNS',
    message: expect.stringContaining('.pipe(') as string,
  });
});

it('rejects every row of a strict contract with unknown columns, keeps them for a loose one, judges them for a catchall', async () => {
  const folder = temporaryFolder();
  const input = csvInput(folder, ['a', 'b', 'c'], 'a,b,c\n1,x,\n2,yy,z\n');
  const strict = await judgeDataset(session, folder, contract(z.strictObject({ a: z.int().max(1) })), input);
  expect(strict.rejected.map((row) => row.reasons.map((reason) => `${reason.code}: ${reason.message}`))).toEqual([
    ['unrecognized_keys: Unrecognized keys: "b", "c"'],
    ['too_big: Too big: expected number to be <=1', 'unrecognized_keys: Unrecognized keys: "b", "c"'],
  ]);
  const loose = await judgeDataset(session, folder, contract(z.looseObject({ a: z.int() })), input);
  expect(loose.accepted).toEqual([
    { a: 1n, b: 'x', c: null },
    { a: 2n, b: 'yy', c: 'z' },
  ]);
  const caught = await judgeDataset(session, folder, contract(z.object({ a: z.int() }).catchall(z.string().max(1))), input);
  expect(caught.accepted).toEqual([{ a: 1n, b: 'x', c: null }]);
  expect(summary(caught.rejected)).toEqual(['3: too_big b']);
});

it('sends everything through zod, with a warning, where another zod made the schema', async () => {
  const folder = temporaryFolder();
  const schema = z.object({ a: z.int().max(5) });
  Object.assign(schema._zod, { version: { major: 4, minor: 5, patch: 0 } });
  const { judged, rejected } = await judgeDataset(session, folder, contract(schema), csvInput(folder, ['a'], 'a\n1\n9\n'));
  expect(judged.warnings).toEqual([
    'The contract was made with zod 4.5.0; only 4.6.7 is compiled to SQL, so every row goes through zod.',
  ]);
  expect(judged.verdict).toMatchObject({ rowsRead: 2, judgedBySql: 0, judgedByZod: 2 });
  expect(summary(rejected)).toEqual(['3: too_big a']);
});

it('leaves nested values to zod', async () => {
  const folder = temporaryFolder();
  const Nested = contract(z.object({ tags: z.array(z.string().min(1)).max(2), place: z.object({ lat: z.number() }) }));
  const input = await parquetInput(
    session,
    folder,
    `SELECT ['a', 'b'] AS tags, {lat: 1.5} AS place UNION ALL SELECT ['', 'b'], {lat: NULL} UNION ALL SELECT ['a', 'b', 'c'], {lat: 2}`,
  );
  const { accepted, rejected } = await judgeDataset(session, folder, Nested, input);
  expect(accepted).toEqual([{ tags: ['a', 'b'], place: { lat: 1.5 } }]);
  expect(summary(rejected)).toEqual(['2: too_small tags.0, invalid_type place.lat', '3: too_big tags']);
});

it('gives the thread back while a slow refinement runs, so that heartbeats get through', async () => {
  const folder = temporaryFolder();
  const slow = (): boolean => {
    const until = performance.now() + 2;
    while (performance.now() < until);
    return true;
  };
  const Slow = contract(z.object({ a: z.string().refine(slow) }));
  const lines = Array.from({ length: 400 }, (_, index) => `v${index}`);
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 10);
  try {
    const { accepted } = await judgeDataset(session, folder, Slow, csvInput(folder, ['a'], `a\n${lines.join('\n')}\n`));
    expect(accepted).toHaveLength(400);
  } finally {
    clearInterval(timer);
  }
  expect(longest).toBeLessThan(400);
});

it('keeps trees and any JSON as JSON', async () => {
  interface Node {
    readonly name: string;
    readonly children: readonly Node[];
  }
  const folder = temporaryFolder();
  const tree: z.ZodType<Node> = z.lazy(() => z.object({ name: z.string().trim(), children: z.array(tree) }));
  const Tree = contract(z.object({ tree, data: z.json() }));
  const csv = `tree,data\n"{""name"": "" a "", ""children"": [{""name"": ""b"", ""children"": []}]}","[1, null]"\n"{""name"": ""a""}",x\n`;
  const { judged, accepted, rejected } = await judgeDataset(session, folder, Tree, csvInput(folder, ['tree', 'data'], csv));
  expect(judged.columns.map(({ type }) => type)).toEqual(['JSON', 'JSON']);
  expect(accepted).toEqual([{ tree: '{"name":"a","children":[{"name":"b","children":[]}]}', data: '[1,null]' }]);
  expect(summary(rejected)).toEqual(['3: invalid_type tree.children']);
});
