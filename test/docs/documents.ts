import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../architecture/imports.js';

/** A page for people. */
export interface Document {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of a page. */
export interface CodeBlock {
  readonly path: string;
  /** The line of the opening fence. */
  readonly line: number;
  /** The fence's first word; empty for none. */
  readonly language: string;
  /** What follows it: how the block is checked. */
  readonly options: string;
  readonly text: string;
}

/** The pages that users read: README, CONTRIBUTING and everything in `docs/`. */
export function documents(): Document[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .toSorted();
  return ['README.md', 'CONTRIBUTING.md', ...inDocs].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** Every fenced block of a page. */
export function codeBlocks({ path, text }: Document): CodeBlock[] {
  return [...text.matchAll(/^( *)```([^\n]*)\n([^]*?)^\1```$/gm)].map((match) => {
    const [, indent = '', info = '', body = ''] = match;
    const [language = '', ...options] = info.trim().split(/\s+/);
    return {
      path,
      line: text.slice(0, match.index).split('\n').length,
      language,
      options: options.join(' '),
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    };
  });
}
