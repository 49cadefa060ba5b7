import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import { EXIT, exitCodeOf } from '../../src/cli/exit-codes.js';
import { specOf } from '../../src/cli/program/add.js';
import { allCommands } from '../../scripts/docs/cli-reference.js';
import { ROOT } from '../architecture/imports.js';
import { complaintAbout } from '../docs/shell-blocks.js';
import { temporaryFolder } from '../support/folder.js';
import { jsonLines, millrace } from './millrace.js';

const DOCS = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8');

/** What is loaded with a file, before any command asks for more. */
function loadedAtOnce(file: string, files = new Set([file]), packages = new Set<string>()) {
  const source = readFileSync(join(ROOT, file), 'utf8');
  for (const { start, moduleRequest } of parseSync(file, source).module.staticImports) {
    if (source.startsWith('import type ', start)) continue;
    const target = join(dirname(file), moduleRequest.value).replace(/\.js$/, '.ts');
    if (!moduleRequest.value.startsWith('.')) packages.add(moduleRequest.value);
    else if (!files.has(target)) loadedAtOnce(target, files.add(target), packages);
  }
  return { files: [...files], packages: [...packages] };
}

test('the command that npm links for the example’s folder is the built program', async () => {
  const linked = join(ROOT, 'node_modules/.bin/millrace');
  const { stdout } = await promisify(execFile)(linked, ['--version'], { cwd: join(ROOT, 'examples/flights') });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(stdout.trim()).toBe(version);
});

describe('help', () => {
  test('names every command and the exit codes, and exits with 0', async () => {
    const help = await millrace(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const { name } of allCommands()) expect(help.stdout).toContain(`  ${name.split(' ')[0]} `);
    expect(help.stdout).toContain("4 a service can't be reached");
  });

  test('has commands below headings, the same as the reference', async () => {
    const help = await millrace(['--help']);
    const headings = [...new Set(allCommands().map(({ group }) => group))];
    expect(help.stdout.match(/^\w.*(?=:$)/gm)).toEqual(['Options', ...headings]);
    expect(headings).not.toContain('Commands');
  });

  test('of a command has examples', async () => {
    const help = await millrace(['run', '--help']);
    expect(help.stdout).toMatch(/Examples:\n {2}\$ millrace run flightDelays --params '\{"month":"2001-01"\}' --wait/);
  });

  test('says which options must be given', async () => {
    const help = await millrace(['move', '--help']);
    expect(help.stdout).toMatch(/--to <version> .*\(required\)$/m);
    expect(help.stdout.match(/\(required\)/g)).toHaveLength(1);
  });

  test('loads none of what commands need', () => {
    const { packages, files } = loadedAtOnce('src/cli/main.ts');
    expect(packages.filter((name) => !name.startsWith('node:'))).toEqual(['commander']);
    // The table of error codes and what is said of errors: small, and without imports of its own.
    expect(files.filter((file) => !/^src\/(cli|core)\/|^src\/operations\/(error|problem)-report\.ts$/.test(file))).toEqual([]);
  });
});

describe('every command', () => {
  test.each(allCommands())('$name takes --json and --project', ({ command }) => {
    expect(command.options.map(({ long }) => long)).toEqual(expect.arrayContaining(['--json', '--project']));
  });

  test.each(allCommands())('$name says in its help what it does, with examples that are valid', async ({ name, command }) => {
    const spec = specOf(command);
    expect(spec?.about).toMatch(/^[A-Z].*\.$/);
    expect(spec?.examples).not.toEqual([]);
    for (const example of spec?.examples ?? []) {
      expect(example).toContain(`millrace ${name}`);
      expect(await complaintAbout(example)).toBeUndefined();
    }
  });

  test('ends with an exit code that is in docs/cli.md', () => {
    for (const code of Object.values(EXIT)) expect(DOCS).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});

test.each(['RUN_UNKNOWN', 'SCHEDULE_UNKNOWN', 'TRIGGER_UNKNOWN', 'DEPLOYMENT_UNKNOWN', 'VERSION_UNKNOWN'])(
  'what was named and is not there exits with 3, as for %s',
  (code) => expect(exitCodeOf(code)).toBe(EXIT.notFound),
);

describe('wrong usage exits with 2', () => {
  test.each([
    { args: ['fly'], why: /unknown command 'fly'/ },
    { args: ['run'], why: /missing required argument 'pipeline'/ },
    { args: ['runs', '--limit', '0'], why: /whole number above 0/ },
    { args: ['run', 'x', '--params', '[1]'], why: /Parameters are a JSON object/ },
    { args: ['runs', '--status', 'done'], why: /Allowed choices are running, paused, completed, / },
  ])('$args', async ({ args, why }) => {
    const refused = await millrace(args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(why);
    expect(refused.stderr).toMatch(/^error: .*\[COMMAND_INVALID\]\n {2}Read the command’s --help\.\n$/);
  });

  test('as JSON with --json', async () => {
    const refused = await millrace(['show', '--json']);
    expect(refused.stdout).toBe('');
    expect(jsonLines(refused.stderr)).toMatchObject([
      { error: { code: 'COMMAND_INVALID', message: "missing required argument 'run'" } },
    ]);
  });

  test('as does a folder without a project', async () => {
    const refused = await millrace(['runs', '--project', temporaryFolder()]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('[CONFIG_INVALID]') as string });
  });
});
