import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { temporalAddress } from '../support/temporal.js';
import { writtenProject, type FileChange } from '../support/written-project.js';
import { millrace, startMillrace } from './millrace.js';

const CONFIG = 'millrace.config.ts';

function onOwnQueue(change: readonly [string, string]): FileChange {
  return [
    change[0],
    change[1].replace('connections:', `taskQueue: 'preflight-${randomBytes(5).toString('hex')}',\n  connections:`),
  ];
}

test('a worker of a project with problems tells all of them and never polls', async () => {
  const project = writtenProject({
    [CONFIG]: ["monthly('month'", "monthly('moth'"],
    'transforms/totals.sql': 'SELECT $mont AS month, sum(amount) AS amount FROM orders',
    'workflows/project.ts': [
      'export const',
      "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\nexport const",
    ],
  });
  const refused = await millrace(['worker', '--project', project], { TEMPORAL_ADDRESS: await temporalAddress() });
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(/^error: The project in .* has 3 problems:$/m);
  expect(refused.stderr).toMatch(/^ {2}- millrace\.config\.ts:18:7: .*\[CONFIG_INVALID\]$/m);
  expect(refused.stderr).toMatch(/^ {2}- workflows\/project\.ts:4:1: It imports "node:fs".*\[WORKFLOW_IMPORT\]$/m);
  expect(refused.stderr).toMatch(/^ {2}- transforms\/totals\.sql: .*\$mont.*Did you mean "month"\?.*\[QUERY_FAILED\]$/m);
  expect(refused.stderr).toMatch(/\[PROJECT_INVALID\]\n$/);
});

test('a worker starts though a connection does not answer, and says so', async () => {
  const down = "connections: {\n    down: { kind: 'postgres', options: { url: 'postgres://me@127.0.0.1:1/none' } },";
  const project = writtenProject({ [CONFIG]: onOwnQueue(['connections: {', down]) });
  const worker = startMillrace(['worker', '--project', project], { TEMPORAL_ADDRESS: await temporalAddress() });
  await worker.until('The worker polls task queue "preflight-');
  expect(worker.printed().stderr).toMatch(
    /^warning: millrace\.config\.ts:10:5: .*"down" cannot be reached.*\[CONNECTION_REFUSED\]$/m,
  );
  worker.process.kill('SIGTERM');
  expect((await worker.end).code).toBe(0);
});

test('a worker without Temporal says so before it looks at the project', async () => {
  const project = writtenProject({ 'workflows/index.ts': 'export const LIMIT = 3;\n' });
  const refused = await millrace(['worker', '--project', project], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
  expect(refused).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/^error: No Temporal server answers .*\[TEMPORAL_UNREACHABLE\]\n$/) as string,
  });
});
