import { expect, test } from 'vitest';
import { writtenProject } from '../support/written-project.js';
import { jsonLines, millrace } from './millrace.js';

test('check exits with 0 for a sound project, and tells each check', async () => {
  const checked = await millrace(['check', '--project', writtenProject()]);
  expect(checked.code).toBe(0);
  for (const name of ['config', 'types', 'pipelines', 'contracts', 'transforms', 'environment', 'extensions', 'connections']) {
    expect(checked.stdout).toMatch(new RegExp(`^ *${name} +ok +[\\d.]+ s$`, 'm'));
  }
});

test('check notes what zod has to judge, which is no problem', async () => {
  const project = writtenProject({
    'millrace.config.ts': ['amount: z.number()', 'amount: z.number().refine((amount) => amount > 0)'],
  });
  const checked = await millrace(['check', '--project', project, '--no-connections']);
  expect(checked.code).toBe(0);
  expect(checked.stdout).toMatch(/^note: Contract "Order": zod judges every row .*: amount: refine\. /m);
  const told = jsonLines((await millrace(['check', '--json', '--project', project, '--no-connections'])).stdout);
  expect(told).toMatchObject([{ ok: true, problems: [], notes: [expect.stringContaining('amount: refine') as string] }]);
});

test('check exits with 2 and tells every problem with code, file and line', async () => {
  const project = writtenProject({
    'transforms/totals.sql': 'SELECT $month AS month, sum(amont) AS amount FROM orders',
    'workflows/project.ts': "import './nothing.js';\nexport const pipeline = 1;\n",
  });
  const checked = await millrace(['check', '--project', project, '--no-connections']);
  expect(checked.code).toBe(2);
  expect(checked.stdout).toMatch(/^ *transforms +1 problem /m);
  expect(checked.stdout).toMatch(/^error: transforms\/totals\.sql:1:29: .*"amont".*\[QUERY_FAILED\]$/m);
  expect(checked.stdout).toMatch(/^error: workflows\/project\.ts:1:1: It imports "\.\/nothing\.js".*\[WORKFLOW_INVALID\]$/m);
  expect(checked.stdout).not.toMatch(/^ *connections /m);
});

test('check names the line of what a file throws when it is imported, of config and of pipelines', async () => {
  const thrown = "if (true) throw new Error('not today');\n";
  const [config, pipelines] = await Promise.all([
    millrace([
      'check',
      '--no-connections',
      '--project',
      writtenProject({ 'millrace.config.ts': ['export default', `${thrown}export default`] }),
    ]),
    millrace([
      'check',
      '--no-connections',
      '--project',
      writtenProject({ 'workflows/project.ts': ['export const', `${thrown}export const`] }),
    ]),
  ]);
  expect(config.stdout).toMatch(
    /^error: millrace\.config\.ts:7:17: It throws when it is imported: not today\. \[CONFIG_INVALID\]$/m,
  );
  expect(pipelines.stdout).toMatch(
    /^error: workflows\/project\.ts:4:17: It throws when it is imported: not today\. \[WORKFLOW_INVALID\]$/m,
  );
});

test('check --json is one document; a warning leaves the exit code at 0', async () => {
  const project = writtenProject({ 'millrace.config.ts': ["root: '.'", "root: './not-there'"] });
  const checked = await millrace(['check', '--json', '--project', project]);
  expect(checked.code).toBe(0);
  expect(jsonLines(checked.stdout)).toMatchObject([
    {
      ok: true,
      problems: [{ severity: 'warning', code: 'FILE_MISSING', file: 'millrace.config.ts', line: 9, column: 5 }],
    },
  ]);
});

test('another command tells the same problems of the config, as JSON with --json', async () => {
  const project = writtenProject({ 'millrace.config.ts': ["monthly('month'", "monthly('moth'"] });
  const refused = await millrace(['runs', '--json', '--project', project]);
  expect(refused.code).toBe(2);
  expect(jsonLines(refused.stderr)).toMatchObject([
    { error: { code: 'CONFIG_INVALID', problems: [{ file: 'millrace.config.ts', line: 18 }] } },
  ]);
});
