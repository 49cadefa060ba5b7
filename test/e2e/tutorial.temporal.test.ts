import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../src/dev/free-port.js';
import { obtainTemporal } from '../../src/dev/temporal-binary.js';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal-server.js';
import { ROOT } from '../architecture/imports.js';
import { lastingFolder } from '../support/folder.js';
import { cleanEnvironment, firstBlocks, newcomer, tutorialBlocks, type Newcomer } from './newcomer.js';

/*
 * docs/tutorial.md, block by block, as somebody does who has only the packed package: the tests of this file go on where the
 * one before has ended.
 */
const STEP_MS = 120_000;

let person: Newcomer;
/** Somebody else, in another folder. */
let caller: Newcomer;
let server: TemporalServer;
let worker: ChildProcess | undefined;
let service: ChildProcess | undefined;

beforeAll(async () => {
  const folder = lastingFolder();
  const { stdout } = await promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT });
  const tarball = path.join(folder, stdout.trim());
  person = newcomer(folder, tarball);
  caller = newcomer(lastingFolder(), tarball);
}, STEP_MS);

afterAll(async () => {
  worker?.kill('SIGKILL');
  service?.kill('SIGKILL');
  await server?.stop();
});

const file = (name: string): string => path.join(person.folder(), name);
const lines = (name: string): string[] => readFileSync(file(name), 'utf8').trim().split('\n');

test(
  'an empty folder becomes a project, whose files are those of the tutorial',
  async () => {
    const [commands, ...shown] = tutorialBlocks('A project');
    await person.follow(commands as NonNullable<typeof commands>);
    for (const { text } of shown) {
      const name = String(/^\/\/ (\S+)$/m.exec(text)?.[1]);
      expect(text.replace(/^.*\n/, '')).toBe(readFileSync(file(name), 'utf8'));
    }
    expect(await person.type('npm ls --depth 0')).toContain('millrace@0.1.0');
    await expect(person.type('npx millrace init')).rejects.toThrow(/already has .*\[FILES_EXIST\]/);
  },
  STEP_MS,
);

test(
  'its tests pass, its pipeline runs, and what was rejected is shown with its reason',
  async () => {
    const [run, look] = tutorialBlocks('Run it');
    const output = await person.follow(run as NonNullable<typeof run>);
    expect(output).toMatch(/Tests\s+2 passed/);
    expect(output).toMatch(/dailySales-dev-1\s+completed\s+40\s+35\s+5\s+7/);
    expect(lines('out/daily-sales.csv')).toHaveLength(8);
    expect(lines('out/daily-sales.csv')[1]).toBe('2026-11-01,6,10,96.75');
    const rejected = await person.follow(look as NonNullable<typeof look>);
    expect(rejected).toMatch(/dailySales-dev-1\s+completed/);
    expect(rejected).toContain('sales.csv:10\n');
    expect(rejected).toContain('Too small: expected number to be >=1');
  },
  STEP_MS,
);

test(
  'a second pipeline type-checks and runs',
  async () => {
    let output = '';
    for (const block of tutorialBlocks('Write a pipeline')) output += await person.follow(block);
    expect(output).toMatch(/productSales-dev-2\s+completed/);
    expect(output).toMatch(/already there: found, and not done again/);
    expect(lines('out/product-sales.csv')[0]).toBe('product,items,revenue');
    expect(lines('out/product-sales.csv').length).toBeGreaterThan(3);
  },
  STEP_MS,
);

test(
  'its build runs without TypeScript, tsx and sources',
  async () => {
    const [build, work, execute] = tutorialBlocks('For a server').map(({ text }) => text.trim());
    expect(await person.type(String(build))).toContain(
      'Built dailySales, productSales, replicate, replayQuarantine, housekeeping into build',
    );
    await person.type('npm prune --omit=dev --no-audit --no-fund');
    for (const name of ['typescript', 'tsx', 'vitest', 'esbuild']) expect(existsSync(file(`node_modules/${name}`))).toBe(false);
    for (const name of ['millrace.config.ts', 'workflows', 'contracts', 'transforms', 'out/product-sales.csv']) {
      rmSync(file(name), { recursive: true });
    }
    const { path: temporal } = await obtainTemporal({ notice: () => undefined });
    server = await startTemporalServer({ binary: temporal, uiPort: null });
    const there = { TEMPORAL_ADDRESS: server.address };
    // npx would keep the signal for itself.
    const program = String(work).replace('npx ', 'node_modules/.bin/').split(' ');
    worker = spawn(String(program[0]), program.slice(1), { cwd: person.folder(), env: { ...cleanEnvironment(), ...there } });
    await said(worker, 'polls task queue "millrace" for dailySales, productSales, replicate, replayQuarantine, housekeeping');
    expect(await person.type('npx millrace run dailySales --wait', there)).toContain('completed');
    const search = `${path.dirname(temporal)}${path.delimiter}${String(process.env['PATH'])}`;
    expect(await person.type(String(execute), { ...there, PATH: search })).toContain('2026-11-03');
    expect(lines('out/product-sales.csv').length).toBeGreaterThan(3);
  },
  STEP_MS,
);

test(
  'a program elsewhere, which has only the package, starts a run, follows it and prints its result',
  async () => {
    const port = await freePort();
    service = spawn('node_modules/.bin/millrace', ['serve', '--project', 'build', '--port', String(port)], {
      cwd: person.folder(),
      env: { ...cleanEnvironment(), TEMPORAL_ADDRESS: server.address },
    });
    await said(service, `http://127.0.0.1:${port}`);
    const [install, program] = firstBlocks('docs/client.md');
    await caller.type('npm init --yes && npm pkg set type=module');
    await caller.follow(install as NonNullable<typeof install>);
    await caller.follow(program as NonNullable<typeof program>);
    await caller.type('npm install --no-save typescript@7.0.2 @types/node@20');
    await caller.type('npx tsc --strict --target ES2023 --module NodeNext --types node report.ts');
    const output = await caller.type('node report.js', { MILLRACE_URL: `http://127.0.0.1:${port}` });
    expect(output).toMatch(/^validate:sales done$/m);
    expect(output).toMatch(/mode: 'replace'/);
    for (const each of [service, worker]) {
      each?.kill('SIGTERM');
      expect(each && (await once(each, 'close'))).toEqual([0, null]);
    }
  },
  STEP_MS,
);

test(
  'the package’s types hold for strict readers: bundler and NodeNext, without skipLibCheck',
  async () => {
    for (const [module, moduleResolution] of [
      ['ESNext', 'bundler'],
      ['NodeNext', 'NodeNext'],
    ]) {
      const compilerOptions = { module, moduleResolution, target: 'ES2023', strict: true, noEmit: true, skipLibCheck: false };
      writeFileSync(path.join(caller.folder(), 'reads.ts'), READS_EVERYTHING);
      writeFileSync(path.join(caller.folder(), 'strict.json'), JSON.stringify({ compilerOptions, files: ['reads.ts'] }));
      expect(await caller.type('npx tsc -p strict.json')).toBe('');
    }
  },
  STEP_MS,
);

const READS_EVERYTHING = `
import { pipelines, type Dataset, type Run } from 'millrace';
import { connect, type Millrace } from 'millrace/client';
import { contract, defineProject, files, query, sqlFile } from 'millrace/config';
import { judgeCsv, runTransform } from 'millrace/testing';
import { z } from 'zod';
const A = contract(z.object({ id: z.int(), name: z.string() }), { key: ['id'] });
const project = defineProject({
  connections: { here: files({ root: '.' }) },
  contracts: { A },
  transforms: {
    one: sqlFile('./one.sql', { inputs: { a: A }, output: A }),
    two: query({ inputs: { a: A }, output: A }, (db) => db.selectFrom('a').selectAll()),
  },
  pipelines: { p: { params: z.object({}) } },
});
export const p = pipelines<typeof project>()('p', async (run: Run<typeof project>) => {
  const rows: Dataset<{ id: number; name: string }> = await run.validate(await run.extract('a', { from: 'here', path: 'a.csv' }), 'A');
  return run.load(await run.transform('two', { a: rows }), { to: 'here', path: 'b.csv', mode: 'replace' });
});
export const millrace: Millrace<typeof project, { p: typeof p }> = connect<typeof project, { p: typeof p }>({ url: 'http://x' });
export const loaded: Promise<number> = millrace.runs.start('p').then((run) => run.result()).then(({ rows }) => rows);
export const accepted: Promise<readonly { id: number; name: string }[]> = judgeCsv(A, '').then((judged) => judged.accepted);
export const made: Promise<{ id: number; name: string }[]> = runTransform(project, 'one', { inputs: { a: [{ id: 1, name: '' }] } });
`;

/** Waits until a process prints a text. */
function said(child: ChildProcess, text: string): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes(text)) resolve();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', (code) => reject(new Error(`It ended with ${String(code)}: ${output}`)));
  });
}
