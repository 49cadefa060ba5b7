import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../architecture/imports.js';
import type { CodeBlock } from './documents.js';

/** What a block may use without saying where it comes from, since the page has said it or it would only be noise. */
const GIVEN: Readonly<Record<string, readonly string[]>> = {
  zod: ['z'],
  'millrace/config':
    'checks contract daily defineProject distribution env files freshness monthly noRows nullShare postgres query references rowCount rows sql sqlFile unique'.split(
      ' ',
    ),
};

/** A `pipeline()` for blocks of a page that shows no config: its names and parameters may be anything. */
const ANY_PIPELINE = [
  `import { pipelines } from 'millrace';`,
  `import type { Project } from 'millrace/config';`,
  `import type { z as zod } from 'zod';`,
  `type Params = { readonly params: zod.ZodObject<Record<string, zod.ZodAny>> };`,
  `const pipeline = pipelines<Omit<Project, 'pipelines'> & { readonly pipelines: Readonly<Record<string, Params>> }>();`,
].join('\n');

/** The one of the example, for blocks that show its pipeline. */
const EXAMPLES_PIPELINE = `import { pipeline } from '${join(ROOT, 'examples/flights/workflows/project.ts')}';`;

/** The package as its sources are now, so that nothing has to be built. */
const PATHS = {
  millrace: ['workflows/index.ts'],
  'millrace/config': ['src/config/index.ts'],
  'millrace/client': ['src/client/index.ts'],
  'millrace/worker': ['src/worker/index.ts'],
  'millrace/testing': ['src/testing/index.ts'],
};

/**
 * What the compiler says of blocks of TypeScript, by the page and line of the block. How a block is read is in
 * CONTRIBUTING.md.
 */
export async function typeErrors(blocks: readonly CodeBlock[]): Promise<string[]> {
  mkdirSync(join(ROOT, '.millrace'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.millrace', 'docs-'));
  try {
    const places = new Map(blocks.map((block) => [fileOf(block), block] as const));
    for (const [file, block] of places) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), sourceOf(block, blocks));
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings()));
    const said = await compile(folder);
    return [...places].flatMap(([file, { path, line }]) =>
      said.filter((error) => error.startsWith(`${file}(`)).map((error) => `${path}:${line} ${error.slice(file.length)}`),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function settings() {
  const paths = Object.fromEntries(Object.entries(PATHS).map(([name, files]) => [name, files.map((file) => join(ROOT, file))]));
  return {
    extends: join(ROOT, 'examples/flights/tsconfig.json'),
    compilerOptions: { paths, allowImportingTsExtensions: true },
    include: ['**/*.ts'],
  };
}

async function compile(folder: string): Promise<string[]> {
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  try {
    await promisify(execFile)(tsc, ['--noEmit', '--pretty', 'false', '-p', folder], { cwd: folder });
    return [];
  } catch (error) {
    return (error as { readonly stdout: string }).stdout.split('\n');
  }
}

// Blocks that begin with a file's name are that file, so that the others of their page can import it.
function fileOf({ path, line, text }: CodeBlock): string {
  const named = /^\/\/ ((?:[\w-]+\/)*[\w.-]+\.ts)\b/.exec(text)?.[1];
  return join(path.replace(/\.md$/, '').toLowerCase(), named ?? `block-${line}.ts`);
}

function sourceOf(block: CodeBlock, all: readonly CodeBlock[]): string {
  const own = wrapped(block);
  const earlier = block.options.includes('continues')
    ? all.filter((each) => each.path === block.path && each.line < block.line && !isInside(each.text)).map(wrapped)
    : [];
  const text = [...earlier, own].join('\n');
  return [...missingImports(text), text, 'export {};'].join('\n');
}

// A block that begins as a property does is a piece of a config; one that awaits steps is the inside of a pipeline.
function wrapped({ text }: CodeBlock): string {
  const bare = text.replaceAll(/\/\/.*$/gm, '').trim();
  if (/^\w+: /.test(bare)) {
    return `import type { ProjectConfig } from 'millrace/config';\nexport const fragment: Partial<ProjectConfig> = {\n${text}\n};`;
  }
  if (!isInside(text)) return text;
  return `export const fragment = pipeline('fragment', async (run, params) => {\n${text}\n});`;
}

function isInside(text: string): boolean {
  return /\brun\.\w+\(/.test(text) && !/\bpipeline\(|\(run[,)]|import /.test(text);
}

function missingImports(text: string): string[] {
  const unknown = (name: string): boolean =>
    new RegExp(`(?<![.\\w'"\`])${name}\\s*[(.<\`]`).test(text) &&
    !new RegExp(`import[^;]*\\b${name}\\b|(const|function) ${name}\\b`).test(text);
  const lines = Object.entries(GIVEN).flatMap(([module, names]) => {
    const wanted = names.filter(unknown);
    return wanted.length === 0 ? [] : [`import { ${wanted.join(', ')} } from '${module}';`];
  });
  if (!unknown('pipeline')) return lines;
  return [...lines, text.includes(`pipeline('flightDelays'`) ? EXAMPLES_PIPELINE : ANY_PIPELINE];
}
