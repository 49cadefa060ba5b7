import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cliReference } from './cli-reference.js';
import { clientRoutes } from './client-routes.js';
import { configReference } from './config-reference.js';
import { contractReference } from './contract-reference.js';
import { errorReference } from './error-reference.js';

/** The folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** A page of `docs/`, or a table of the client, that is made from the code, wholly or between the marks of {@link fill}. */
export interface Page {
  /** Relative to the repository. */
  readonly path: string;
  /** The page as it must be today. */
  readonly text: () => string;
}

/** Every page that `npm run docs` writes. */
export const PAGES: readonly Page[] = [
  { path: 'docs/errors.md', text: errorReference },
  { path: 'docs/contracts.md', text: () => fill('docs/contracts.md', { constructs: contractReference() }) },
  { path: 'docs/cli.md', text: () => fill('docs/cli.md', { commands: cliReference() }) },
  { path: 'src/client/routes.ts', text: clientRoutes },
  { path: 'docs/config.md', text: () => fill('docs/config.md', configReference(ROOT)) },
];

/** A page with the text between `<!-- generated: NAME -->` and `<!-- end -->` made anew; what is around it is left alone. */
function fill(path: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce(
    (page, [name, text]) => {
      const marked = new RegExp(`(<!-- generated: ${name} -->\n)[^]*?(\n<!-- end -->)`);
      if (!marked.test(page)) throw new Error(`${path} has no <!-- generated: ${name} --> … <!-- end -->.`);
      return page.replace(marked, (_all, start: string, end: string) => `${start}\n${text.trim()}\n${end}`);
    },
    readFileSync(join(ROOT, path), 'utf8'),
  );
}
