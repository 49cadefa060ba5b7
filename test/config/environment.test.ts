import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { env } from '../../src/config/env.js';
import { projectEnvironment } from '../../src/config/environment.js';
import { loadProject } from '../../src/config/load.js';
import { resolveOptions, resolveText } from '../../src/config/resolve-env.js';
import { messageOf } from '../../src/core/errors.js';
import { temporaryFolder } from '../support/folder.js';

function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

function refusal(work: () => unknown): { code: unknown; message: string } {
  try {
    work();
  } catch (error) {
    return { code: (error as { code?: unknown }).code, message: messageOf(error) };
  }
  throw new Error('It was not refused');
}

test('a variable of the process comes before .env, and .env before the default', () => {
  const folder = folderWith({ '.env': 'A=file\nB=file\n' });
  const look = projectEnvironment(folder, { A: 'process' });
  expect([look('A'), look('B'), look('C')]).toEqual(['process', 'file', undefined]);
  expect(resolveText(env('C', 'default'), 'here', look)).toBe('default');
  expect(resolveText(env('B', 'default'), 'here', look)).toBe('file');
});

test('.env may have comments, quotes, export, a byte order mark and values of several lines', () => {
  const text = '\uFEFFFIRST=1\n# a comment\nexport URL="postgres://u:p#w@host/db"\nKEY=\'line 1\nline 2\'\nEMPTY=\n';
  const look = projectEnvironment(folderWith({ '.env': text }), {});
  expect([look('FIRST'), look('URL'), look('KEY'), look('EMPTY')]).toEqual([
    '1',
    'postgres://u:p#w@host/db',
    'line 1\nline 2',
    '',
  ]);
});

test('reading .env sets nothing in the environment of the process', () => {
  const look = projectEnvironment(folderWith({ '.env': 'MILLRACE_TEST_ONLY=1' }));
  expect(look('MILLRACE_TEST_ONLY')).toBe('1');
  expect(process.env['MILLRACE_TEST_ONLY']).toBeUndefined();
});

test('X_FILE names the file that holds X; one newline at its end goes, everything else stays', () => {
  const folder = folderWith({ token: 'a b \n', windows: 'c\r\n', lines: '1\n2\n\n', '.env': 'LINES_FILE=lines\n' });
  const look = projectEnvironment(folder, { TOKEN_FILE: join(folder, 'token'), WINDOWS_FILE: 'windows' });
  expect([look('TOKEN'), look('WINDOWS'), look('LINES')]).toEqual(['a b ', 'c', '1\n2\n']);
});

test('a secret that is replaced is seen at the next look', () => {
  const folder = folderWith({ token: 'old' });
  const look = projectEnvironment(folder, { TOKEN_FILE: 'token' });
  expect(look('TOKEN')).toBe('old');
  writeFileSync(join(folder, 'token'), 'new');
  expect(look('TOKEN')).toBe('new');
});

test('a secret file of the process comes before the value in .env', () => {
  const folder = folderWith({ token: 'mounted', '.env': 'TOKEN=development' });
  expect(projectEnvironment(folder, { TOKEN_FILE: 'token' })('TOKEN')).toBe('mounted');
});

test('a variable that is set in both ways is ENV_INVALID, and no value is shown', () => {
  const folder = folderWith({ token: 'hush-1' });
  const { code, message } = refusal(() => projectEnvironment(folder, { TOKEN: 'hush-2', TOKEN_FILE: 'token' })('TOKEN'));
  expect(code).toBe('ENV_INVALID');
  expect(message).toContain('Both TOKEN and TOKEN_FILE are set');
  expect(message).not.toContain('hush');
});

test('a secret file that cannot be used is ENV_INVALID, with the variable, the file and what to do', () => {
  const folder = folderWith({ empty: '\n', binary: Buffer.from([0x68, 0xff, 0xfe]), huge: 'hush'.repeat(300_000) });
  mkdirSync(join(folder, 'folder'));
  symlinkSync('loop', join(folder, 'loop'));
  const cases = {
    nowhere: /there is none.*mount the secret/,
    folder: /is not a file/,
    empty: /is empty/,
    binary: /not text in UTF-8/,
  };
  for (const [file, says] of Object.entries({ ...cases, loop: /cannot be read: ELOOP/, huge: /has 1200000 bytes/ })) {
    const { code, message } = refusal(() => projectEnvironment(folder, { TOKEN_FILE: file })('TOKEN'));
    expect(code).toBe('ENV_INVALID');
    expect(message).toMatch(says);
    expect(message).toContain(`The file that TOKEN_FILE names, ${join(folder, file)},`);
    expect(message).not.toContain('hush');
  }
});

test('a .env that cannot be read is ENV_INVALID', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, '.env'));
  expect(refusal(() => projectEnvironment(folder, {})('A'))).toMatchObject({
    code: 'ENV_INVALID',
    message: expect.stringContaining(join(folder, '.env')) as string,
  });
});

test('a variable that is set nowhere is ENV_MISSING, with all the places it could be set in', () => {
  const { code, message } = refusal(() => resolveText(env('TOKEN'), 'connections.shop.url', projectEnvironment('/nowhere', {})));
  expect(code).toBe('ENV_MISSING');
  for (const part of ['connections.shop.url', 'TOKEN', '.env', 'TOKEN_FILE']) expect(message).toContain(part);
});

test('options of connections and folders of the config come from .env too, relative to the project', async () => {
  const folder = folderWith({
    '.env': 'ENVIRONMENT_TEST_LAKE=lake\nENVIRONMENT_TEST_STAGING=stage\n',
    'millrace.config.mjs': `export default {
      connections: { lake: { kind: 'files', options: { root: { kind: 'env', name: 'ENVIRONMENT_TEST_LAKE' } }, folders: ['root'] } },
      contracts: {}, transforms: {}, pipelines: {}, taskQueue: { kind: 'env', name: 'ENVIRONMENT_TEST_QUEUE', default: 'feeds' }, staging: { root: { kind: 'env', name: 'ENVIRONMENT_TEST_STAGING' } },
    };`,
  });
  mkdirSync(join(folder, 'workflows'));
  writeFileSync(join(folder, 'workflows/index.js'), '');
  const project = await loadProject(folder);
  expect([project.staging.root, project.taskQueue]).toEqual([join(folder, 'stage'), 'feeds']);
  writeFileSync(join(folder, '.env'), 'ENVIRONMENT_TEST_STAGING=stage\nENVIRONMENT_TEST_QUEUE=\n');
  await expect(loadProject(folder)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  writeFileSync(join(folder, '.env'), 'ENVIRONMENT_TEST_LAKE=lake\n');
  const lake = project.config.connections['lake'];
  expect(lake && resolveOptions('lake', lake, folder)).toEqual({ root: join(folder, 'lake') });
});
