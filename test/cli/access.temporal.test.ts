import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/dev/free-port.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';
import { jsonLines, millrace, startMillrace } from './millrace.js';

const PROJECT = ['--project', fileURLToPath(new URL('../fixtures/market', import.meta.url))];

/** What the project's config needs; no worker is there, nor a warehouse. */
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  const folder = lastingFolder();
  env = {
    TEMPORAL_ADDRESS: await temporalAddress(),
    MARKET_LAKE: folder,
    MARKET_WAREHOUSE: 'postgres://nobody@127.0.0.1:1/none',
    MARKET_QUEUE: `cli-${randomBytes(5).toString('hex')}`,
    MARKET_STAGING: join(folder, 'staging'),
    MARKET_SPILL: join(folder, 'spill'),
    MARKET_CATALOG: join(folder, 'catalog.db'),
  };
});

const run = (...args: string[]) => millrace([...args, ...PROJECT], env);
const runWith = (more: Readonly<Record<string, string>>, ...args: string[]) =>
  millrace([...args, ...PROJECT], { ...env, ...more });
const start = (...args: string[]) => startMillrace([...args, ...PROJECT], env);

// In this order: what an open service says comes before the first token.
describe('a service', () => {
  test('that anybody could call is not started, and the message says how it would be', async () => {
    const { code, stderr } = await run('serve', '--host', '0.0.0.0', '--port', String(await freePort()));
    expect(code).toBe(2);
    expect(stderr).toMatch(/Anybody could call the service on 0\.0\.0\.0.*millrace tokens create NAME.*\[SERVICE_UNPROTECTED\]/s);
  });

  test('says on this machine that it has no token, answers, and stops in order', async () => {
    const serving = start('serve', '--port', String(await freePort()));
    await serving.until('listens at http://127.0.0.1:');
    serving.process.kill('SIGTERM');
    const { code, stdout, stderr } = await serving.end;
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: expect.stringContaining('Stopping.'),
      stderr: expect.stringContaining('There is no token yet'),
    });
  });

  test('with a token listens anywhere, and answers those who have it', async () => {
    const made = await run('tokens', 'create', 'ops', '--role', 'admin', '--expires', '90d');
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^mr_[0-9a-f]{16}_\S{43}\n$/) });
    expect(made.stderr).toContain('it is not shown again');
    const port = String(await freePort());
    const serving = start('serve', '--host', '0.0.0.0', '--port', port, '--json');
    await serving.until('"ready"');
    expect(jsonLines(serving.printed().stdout)[0]).toMatchObject({ event: 'ready', open: false });
    const url = `http://127.0.0.1:${port}`;
    const token = { MILLRACE_TOKEN: made.stdout.trim() };
    const listed = await runWith(token, 'tokens', 'list', '--json', '--service', url);
    const [ops] = jsonLines(listed.stdout);
    expect(ops).toMatchObject({ name: 'ops', role: 'admin', state: 'valid', scope: null });
    const refused = await run('tokens', 'list', '--service', url);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('[UNAUTHENTICATED]') });
    expect(await run('tokens', 'revoke', String(ops?.['id']))).toMatchObject({ code: 0 });
    const late = await runWith(token, 'tokens', 'list', '--service', url);
    expect(late).toMatchObject({ code: 2, stderr: expect.stringMatching(/"ops" .* was revoked/) });
    serving.process.kill('SIGTERM');
    await serving.end;
  });
});

test('the audit shows who did it, also without a service', async () => {
  const { code, stdout } = await run('audit', '--limit', '10');
  expect(code).toBe(0);
  expect(stdout).toMatch(/this machine +revokeToken +[0-9a-f]{16} +done/);
  expect(stdout).toMatch(/this machine +createToken +[0-9a-f]{16} +done/);
  const { stdout: json } = await run('audit', '--operation', 'createToken', '--json');
  expect(jsonLines(json)).toMatchObject([{ operation: 'createToken', input: { name: 'ops', role: 'admin' }, outcome: 'done' }]);
});

test.each([
  [['tokens', 'create', 'x'], /--role/],
  [['tokens', 'create', 'x', '--role', 'king'], /viewer, operator, admin/],
  [['tokens', 'create', 'x', '--role', 'viewer', '--expires', 'soon'], /an age such as/],
  [['audit', '--outcome', 'maybe'], /done, refused, failed, unknown/],
])('%j is a mistake in usage', async (args, message) => {
  const { code, stderr } = await run(...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('a token for a pipeline that there is none of is not made, and one that is unknown not revoked', async () => {
  const made = await run('tokens', 'create', 'x', '--role', 'viewer', '--pipeline', 'sel');
  expect(made).toMatchObject({ code: 2, stderr: expect.stringContaining('no pipeline "sel"') });
  expect(await run('tokens', 'revoke', 'nobody')).toMatchObject({ code: 3, stderr: expect.stringContaining('TOKEN_UNKNOWN') });
});
