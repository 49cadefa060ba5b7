import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import { at, runStarted } from '../catalog/sample-facts.js';
import { ROOT } from '../architecture/imports.js';
import { lastingFolder } from '../support/folder.js';
import { millrace, PROGRAM } from './millrace.js';

const CONFIG = `import { defineProject, files, postgres } from 'millrace/config';
import { z } from 'zod';
export default defineProject({
  connections: { lake: files({ root: '.' }), warehouse: postgres({ url: 'postgres://me:secret@127.0.0.1:1/none' }) },
  contracts: {},
  transforms: {},
  pipelines: { flightDelays: { params: z.object({}) }, sell: { params: z.object({}) } },
});
`;

let project: string;

beforeAll(async () => {
  project = lastingFolder();
  mkdirSync(join(project, 'workflows'));
  writeFileSync(join(project, 'workflows', 'index.ts'), 'export {};');
  writeFileSync(join(project, 'millrace.config.ts'), CONFIG);
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  const catalog = await openCatalog({ path: join(project, '.millrace', 'catalog.db') });
  await catalog.recordRunStarted(runStarted({ workflowId: 'flightDelays/2001-01', startedAt: at(1) }));
  await catalog.recordRunStarted(runStarted({ workflowId: 'flightDelays/2001-02', startedAt: at(2) }));
  await catalog.recordRunStarted(runStarted({ workflowId: 'team:sale', runId: 'run-2', startedAt: at(3) }));
  await catalog.close();
});

/** What is offered for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout, code, stderr } = await millrace(['__complete', ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0] ?? '');
}

describe('completion offers', () => {
  test('commands, then the commands of a group', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['run', 'logs', 'staging', 'completion']));
    expect((await offered('re')).toSorted((a, b) => a.localeCompare(b))).toEqual(['reject', 'replay', 'resume', 'retry']);
    expect(await offered('staging', '')).toEqual(['ls', 'clean']);
  });

  test('the options of a command, and what they take', async () => {
    expect(await offered('runs', '--pi')).toEqual(['--pipeline']);
    expect(await offered('runs', '--status', 'f')).toEqual(['failed', 'forgotten']);
    expect(await offered('approvals', '--status', 'a')).toEqual(['approved', 'all']);
    expect(await offered('runs', '--project', '')).toEqual([':folders']);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test('pipelines and connections of the project', async () => {
    expect(await offered('run', '--project', project, '')).toEqual([
      'flightDelays',
      'sell',
      'replicate',
      'replayQuarantine',
      'housekeeping',
    ]);
    expect(await offered('runs', `--project=${project}`, '--pipeline', 's')).toEqual(['sell']);
    expect(await offered('connections', 'check', '--project', project, 'lake', 'w')).toEqual(['warehouse']);
  });

  test('runs of the catalog, the latest first', async () => {
    const runs = ['flightDelays/2001-02', 'flightDelays/2001-01'];
    expect(await offered('show', '--project', project, '')).toEqual(['team:sale', ...runs]);
    expect(await offered('logs', '-f', '--project', project, 'fl')).toEqual(runs);
  });

  test('nothing, without a word, where there is no project', async () => {
    expect(await offered('show', '--project', join(project, 'workflows'), '')).toEqual([]);
  });

  test('names that it keeps in a file without any secret, until the config changes', async () => {
    const kept = join(project, '.millrace', 'completion.json');
    await offered('run', '--project', project, '');
    expect(readFileSync(kept, 'utf8')).not.toContain('secret');
    writeFileSync(join(project, 'millrace.config.ts'), CONFIG.replace('sell:', 'buy:'));
    expect(await offered('run', '--project', project, '')).toEqual([
      'flightDelays',
      'buy',
      'replicate',
      'replayQuarantine',
      'housekeeping',
    ]);
  });
});

describe('in bash', () => {
  /** What bash would put in place of the word before the cursor. */
  function replies(line: string): string[] {
    const bin = join(project, 'bin');
    mkdirSync(bin, { recursive: true });
    const program = PROGRAM.join(' ');
    writeFileSync(join(bin, 'millrace'), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`);
    chmodSync(join(bin, 'millrace'), 0o755);
    const script = `eval "$(millrace completion bash)"; COMP_LINE=$1; COMP_POINT=\${#1}; _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, PATH: [bin, process.env['PATH']].join(delimiter) };
    const printed = execFileSync('bash', ['--norc', '-c', script, 'bash', line], { env, cwd: project, encoding: 'utf8' });
    return printed.split('\n').filter((each) => each !== '');
  }

  test('a name is completed, also one with a colon, at which bash cuts words', () => {
    expect(replies('millrace show flightDelays/2001-02')).toEqual(['flightDelays/2001-02']);
    expect(replies('millrace show team:s')).toEqual(['sale']);
    expect(replies('millrace staging ')).toEqual(['ls', 'clean']);
  });

  test('a value with a space stays one word', () => {
    expect(replies('millrace runs --status ti')).toEqual([String.raw`timed\ out`]);
  });
});

test.each(['bash', 'zsh', 'fish'])('the script for %s says how to install it and asks millrace', async (shell) => {
  const { stdout } = await millrace(['completion', shell]);
  expect(stdout).toContain(`millrace completion ${shell}`);
  expect(stdout).toMatch(/__complete/);
});
