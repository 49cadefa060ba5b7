import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import type { Contract } from '../../src/config/contract.js';
import { judge } from '../../src/contracts/judge.js';
import type { EngineSession } from '../../src/engine/session.js';
import { zodThreads, type ZodThreadsOptions } from '../../src/rows/zod-threads.js';
import { csvInput, judgeDataset, parquetInput, summary, testSession } from '../contracts/judging.js';
import { temporaryFolder } from '../support/folder.js';
import { writtenProject } from '../support/written-project.js';

const CONFIG = `import { contract, defineProject, files, sql } from 'millrace/config';
import { isMainThread } from 'node:worker_threads';
import { z } from 'zod';
import { checked } from './checks';

const forever = (text: string): boolean => { while (text !== '') {} return true; };
const Order = (shape: z.ZodRawShape) => contract(z.object(shape));
const never = new Promise<boolean>(() => undefined);

export default defineProject({
  connections: { lake: files({ root: '.' }) },
  contracts: {
    Where: Order({ id: z.int(), code: z.string().refine((code) => code === (isMainThread ? 'main' : 'thread'), 'elsewhere') }),
    Whole: contract(z.object({ id: z.int(), code: z.string() }).refine((row) => row.id % 7 !== 0 || row.code === 'seven', { path: ['id'], message: 'seven' })),
    Throws: Order({ id: z.int(), code: z.string().refine(checked) }),
    ThrowsWhole: contract(z.object({ id: z.int(), code: z.string() }).refine((row) => checked(row.code))),
    Forever: Order({ id: z.int(), code: z.string().refine(forever) }),
    ForeverWhole: contract(z.object({ id: z.int(), code: z.string() }).refine((row) => forever(row.code))),
    NeverAnswers: Order({ id: z.int(), code: z.string().refine((code) => (code === '' ? true : never)) }),
    Pattern: Order({ id: z.int(), code: z.string().regex(/^(a+)+$/) }),
    Hungry: Order({ id: z.int(), code: z.string().refine(() => { const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(all.length)); }) }),
    Exits: Order({ id: z.int(), code: z.string().refine(() => process.exit(3)) }),
    Lengths: contract(z.object({ id: z.int(), code: z.string().transform((code) => code.length).pipe(z.int().max(3)) }), { rules: { 'length fits': sql\`code < 3\` } }),
    Odd: Order({ id: z.int(), code: z.string().refine((code) => Number(code) % 1000 !== 1, 'odd') }),
  },
  transforms: {},
  pipelines: {},
});
`;
const CHECKS = `export function checked(code: string): boolean {
  if (code === 'bad') throw new Error('no such code');
  return true;
}
`;

let session: EngineSession;
let project: LoadedProject;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

async function stage(name: string, options: Partial<ZodThreadsOptions> = {}) {
  project = await loadProject(writtenProject({ 'millrace.config.ts': CONFIG, 'checks.ts': CHECKS, 'workflows/index.ts': '' }));
  const contract = project.config.contracts[name] as Contract;
  const threads = zodThreads({ project, name, contract, threads: 2, ...options });
  return { contract, threads, folder: temporaryFolder() };
}

async function judgeCsv(name: string, lines: readonly string[], options: Partial<ZodThreadsOptions> = {}) {
  const { contract, threads, folder } = await stage(name, options);
  const input = csvInput(folder, ['id', 'code'], `id,code\n${lines.join('\n')}\n`);
  return judgeDataset(session, folder, contract, input, undefined, threads);
}

const quickly = { limits: { rowMs: 1000 } } as const;

it('runs refinements in a thread, and gives all reasons of rows that SQL has rejected', async () => {
  const { rejected, accepted } = await judgeCsv('Where', ['1,thread', '2,main', 'x,main']);
  expect(accepted).toEqual([{ id: 1n, code: 'thread' }]);
  expect(summary(rejected)).toEqual(['3: custom code', '4: invalid_type id, custom code']);
  expect(rejected.map(({ reasons }) => reasons.map(({ value }) => value))).toEqual([['main'], ['x', 'main']]);
  expect(rejected.map(({ row }) => row)).toEqual(['{"id":"2","code":"main"}', '{"id":"x","code":"main"}']);
});

it('shows a refinement of the whole row every column', async () => {
  const { rejected } = await judgeCsv('Whole', ['7,seven', '14,two', '1,x']);
  expect(summary(rejected)).toEqual(['3: custom id']);
});

it('keeps what a transform gives, and asks the rules in SQL about that', async () => {
  const { accepted, rejected } = await judgeCsv('Lengths', ['1,ab', '2,abc', '3,abcd']);
  expect(accepted).toEqual([{ id: 1n, code: 2n }]);
  expect(summary(rejected)).toEqual(['3: row_rule', '4: too_big code']);
});

it('gives the same verdict in several threads, in the order of the rows', async () => {
  const { contract, threads, folder } = await stage('Odd');
  const input = await parquetInput(session, folder, 'SELECT range AS id, range::VARCHAR AS code FROM range(100_000)');
  const { rejected, judged } = await judgeDataset(session, folder, contract, input, undefined, threads);
  expect(rejected.map(({ line }) => line)).toEqual(Array.from({ length: 100 }, (_, index) => index * 1000 + 2));
  expect(judged.verdict).toMatchObject({ accepted: 99_900, judgedByZod: 100_000 });
});

it('names contract, column, row and the line of code where a function throws', async () => {
  await expect(judgeCsv('Throws', ['1,good', '2,bad'])).rejects.toMatchObject({
    code: 'CONTRACT_FUNCTION',
    message:
      'A function of column "code" of contract "Order" threw at line 3 of orders.csv (checks.ts:2:29): no such code. Let it return false, or add an issue, for rows it refuses.',
    details: { contract: 'Order', column: 'code', row: 3 },
  });
  await expect(judgeCsv('ThrowsWhole', ['1,good', '2,bad'])).rejects.toMatchObject({
    message: expect.stringMatching(/^A function of contract "Order" threw at line 3 of orders.csv/) as string,
  });
});

it('stops a function that does not end, and names its column and the row', async () => {
  await expect(judgeCsv('Forever', ['2,x'], quickly)).rejects.toMatchObject({
    code: 'CONTRACT_STUCK',
    message:
      'A function or pattern of column "code" of contract "Order" was stopped at line 2 of orders.csv: it took more than 1 s. Let the function end for every value, or write the pattern without repetition within repetition.',
  });
});

it('stops a function of the whole row, and one whose promise is never kept', async () => {
  await expect(judgeCsv('ForeverWhole', ['2,x'], quickly)).rejects.toMatchObject({
    code: 'CONTRACT_STUCK',
    message: expect.stringMatching(/^A function or pattern of contract "Order" was stopped at line 2/) as string,
  });
  await expect(judgeCsv('NeverAnswers', ['2,x'], quickly)).rejects.toMatchObject({
    code: 'CONTRACT_STUCK',
    details: { column: 'code', row: 2 },
  });
});

it('stops a pattern that backtracks without end while it explains what SQL has rejected', async () => {
  await expect(judgeCsv('Pattern', [`2,${'a'.repeat(60)}!`], quickly)).rejects.toMatchObject({
    code: 'CONTRACT_STUCK',
    details: { column: 'code', row: 2 },
  });
});

it('says when functions take too much memory, or end their thread', async () => {
  await expect(judgeCsv('Hungry', ['1,x'], { limits: { memoryMb: 64 } })).rejects.toMatchObject({
    code: 'CONTRACT_DIED',
    message: expect.stringContaining('ran out of memory: it may have 64 MB') as string,
  });
  await expect(judgeCsv('Exits', ['1,x'])).rejects.toMatchObject({
    code: 'CONTRACT_DIED',
    message: expect.stringContaining('ended itself with the code 3') as string,
  });
});

it('refuses to judge by a contract that has changed since the worker started', async () => {
  const { contract, threads, folder } = await stage('Odd');
  const other = zodThreads({ project, name: 'Where', contract, threads: 1 });
  const input = csvInput(folder, ['id', 'code'], 'id,code\n1,x\n');
  await expect(judgeDataset(session, folder, contract, input, undefined, other)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('it is another one than when the worker started') as string,
  });
  expect(threads).toBeTypeOf('function');
});

it('ends at once when the step is cancelled', async () => {
  const { contract, threads, folder } = await stage('Forever');
  const cancelled = new AbortController();
  const judging = judge(await testSession(), {
    input: csvInput(folder, ['id', 'code'], 'id,code\n1,x\n'),
    stagingRoot: folder,
    contractName: 'Forever',
    contract,
    directory: folder,
    progress: () => undefined,
    signal: cancelled.signal,
    checkpoint: () => Promise.resolve(),
    threads,
  });
  setTimeout(() => cancelled.abort(), 300);
  await expect(judging).rejects.toMatchObject({ code: 'CANCELLED' });
});
