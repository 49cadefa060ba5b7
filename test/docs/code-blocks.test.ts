import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { ROOT } from '../architecture/imports.js';
import { codeBlocks, documents, type CodeBlock } from './documents.js';
import { complaintAbout, shellLines } from './shell-blocks.js';
import { typeErrors } from './typescript-blocks.js';

const DOCUMENTS = documents();
// test/e2e/tutorial.temporal.test.ts does what the tutorial says, block by block, in a project that has the rest.
const BLOCKS = DOCUMENTS.flatMap(codeBlocks).filter(({ path, language }) => path !== 'docs/tutorial.md' || language === 'sh');

/** Languages whose blocks nothing here can check. */
const UNCHECKED = new Set(['', 'text', 'mermaid', 'ini', 'toml', 'dockerfile', 'diff']);

const of = (...languages: readonly string[]): CodeBlock[] => BLOCKS.filter(({ language }) => languages.includes(language));
const at = ({ path, line }: CodeBlock): string => `${path}:${line}`;

/** What a check has against the blocks, each with its place. */
async function complaints(blocks: readonly CodeBlock[], check: (block: CodeBlock) => unknown): Promise<string[]> {
  const said = await Promise.all(
    blocks.map(async (block) => {
      try {
        await check(block);
        return [];
      } catch (error) {
        return [`${at(block)} ${(error as Error).message}`];
      }
    }),
  );
  return said.flat();
}

test('every code block is of a language that is checked, or known not to be', () => {
  const known = new Set([...UNCHECKED, 'ts', 'sh', 'sql', 'json', 'yaml']);
  expect(BLOCKS.filter(({ language }) => !known.has(language)).map((block) => `${at(block)} ${block.language}`)).toEqual([]);
});

test('TypeScript in the docs compiles against the package', async () => {
  expect(await typeErrors(of('ts').filter(({ options }) => !options.includes('parse')))).toEqual([]);
});

test('TypeScript that is only a piece of something is at least TypeScript', async () => {
  const pieces = of('ts').filter(({ options }) => options.includes('parse'));
  const said = await complaints(pieces, ({ text }) => {
    const { errors } = parseSync('block.ts', text);
    if (errors[0]) throw new Error(errors[0].message);
  });
  expect(said).toEqual([]);
});

test('commands in the docs are understood by the CLI, and npm scripts exist', async () => {
  const said = await complaints(of('sh'), async ({ text }) => {
    for (const line of shellLines(text)) {
      const complaint = await complaintAbout(line);
      if (complaint !== undefined) throw new Error(complaint);
    }
  });
  expect(said).toEqual([]);
});

test('SQL in the docs binds over the tables that its block names', async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const said = await complaints(
    of('sql').filter(({ options }) => options !== 'postgres'),
    async ({ options, text }) => {
      const connection = await instance.connect();
      try {
        for (const table of options.matchAll(/\w+\([^()]*(?:\([^()]*\)[^()]*)*\)/g))
          await connection.run(`CREATE TEMP TABLE ${table[0]}`);
        (await connection.prepare(text.trim().replace(/;$/, ''))).destroySync();
      } finally {
        connection.closeSync();
      }
    },
  );
  instance.closeSync();
  expect(said).toEqual([]);
});

test('JSON and YAML in the docs can be read', async () => {
  const json = ({ text }: CodeBlock): void => {
    try {
      JSON.parse(text);
    } catch {
      for (const line of text.trim().split('\n')) JSON.parse(line);
    }
  };
  expect(await complaints(of('json'), json)).toEqual([]);
  expect(await complaints(of('yaml'), ({ text }) => parseYaml(text) as unknown)).toEqual([]);
});

test('links in the docs lead somewhere', () => {
  const anchors = new Map(DOCUMENTS.map(({ path, text }) => [path, anchorsOf(text)]));
  const dead = DOCUMENTS.flatMap(({ path, text }) =>
    [...text.replaceAll(/```[^]*?```|`[^`\n]*`/g, '').matchAll(/\]\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)/g)]
      .filter(([, file = '', anchor]) => {
        const target = file === '' ? path : join(dirname(path), file);
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== undefined && anchors.has(target) && !anchors.get(target)?.has(anchor.slice(1));
      })
      .map(([link]) => `${path}: ${link}`),
  );
  expect(dead).toEqual([]);
});

test('every page of docs/ is in docs/README.md', () => {
  const index = DOCUMENTS.find(({ path }) => path === 'docs/README.md')?.text ?? '';
  const pages = DOCUMENTS.map(({ path }) => path).filter((path) => /^docs\/[\w-]+\.md$/.test(path) && path !== 'docs/README.md');
  expect(pages.filter((path) => !index.includes(`(${path.slice('docs/'.length)})`))).toEqual([]);
});

// As GitHub makes them from headings.
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)]);
}
