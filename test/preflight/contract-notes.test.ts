import { expect, test } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { contractNotes } from '../../src/preflight/contract-notes.js';
import { contractProblems } from '../../src/preflight/contracts.js';
import { writtenProject } from '../support/written-project.js';

const config = (contracts: string, more = ''): string => `import { contract, defineProject } from 'millrace/config';
import { z } from 'zod';
${more}
export default defineProject({ connections: {}, contracts: { ${contracts} }, transforms: {}, pipelines: {} });
`;

const load = (contracts: string, more?: string) =>
  loadProject(writtenProject({ 'millrace.config.ts': config(contracts, more), 'workflows/index.ts': '' }));

test('a note says which columns zod judges, why, and at what cost', async () => {
  const project = await load(`
    Plain: contract(z.object({ id: z.int() })),
    Refined: contract(z.object({ id: z.int(), code: z.string().refine(() => true), tags: z.array(z.string()) })),
    Whole: contract(z.object({ id: z.int() }).refine(() => true)),
    Json: contract(z.object({ id: z.int(), tags: z.array(z.string()) })),
    Lookahead: contract(z.object({ id: z.int(), code: z.string().regex(/(?=a)/) })),
  `);
  expect(contractNotes(project)).toEqual([
    'Contract "Refined": zod judges every row that SQL does not reject, for what SQL cannot say: code: refine. It is shown only these columns, and takes up to 20 µs a row on each of its threads. From CSV files also: tags: JSON in text.',
    'Contract "Whole": zod judges every row that SQL does not reject, for what SQL cannot say: the whole row: refine. It is shown all columns, and takes up to 20 µs a row on each of its threads.',
    'Contract "Json": zod judges every row that SQL does not reject, for what SQL cannot say: tags: JSON in text. It is shown only these columns, and takes up to 20 µs a row on each of its threads. This holds for CSV files; typed columns are judged by SQL alone.',
    'Contract "Lookahead": zod judges every row that SQL does not reject, for what SQL cannot say: code: a pattern that only JavaScript understands. It is shown only these columns, and takes up to 20 µs a row on each of its threads.',
  ]);
  expect(await contractProblems(project)).toEqual([]);
});

test('a config that a thread cannot load, for want of a variable, is a problem before anything runs', async () => {
  process.env.MILLRACE_TEST_SET = 'yes';
  const needs = "if (process.env.MILLRACE_TEST_SET !== 'yes') throw new Error('MILLRACE_TEST_SET is not set');";
  const refined = 'Refined: contract(z.object({ id: z.int().refine(() => true) }))';
  const [problem, ...others] = await contractProblems(await load(refined, needs));
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ severity: 'error', code: 'CONFIG_INVALID', place: { file: 'millrace.config.ts' } });
  expect(problem?.message).toMatch(/^Contract "Refined" does not load in a thread.*MILLRACE_TEST_SET is not set/s);
  // Without functions no thread is needed.
  expect(await contractProblems(await load('Plain: contract(z.object({ id: z.int() }))', needs))).toEqual([]);
});
