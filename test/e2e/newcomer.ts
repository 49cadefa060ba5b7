import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../architecture/imports.js';
import { codeBlocks, type CodeBlock } from '../docs/documents.js';

/** A person with an empty folder, a shell, and nothing of ours but the packed package. */
export interface Newcomer {
  /** The folder in which the shell is. */
  readonly folder: () => string;
  /** Runs lines in the shell, as they are on the page. Gives what they print; rejects when one fails. */
  readonly type: (lines: string, environment?: Readonly<Record<string, string>>) => Promise<string>;
  /** Does what a block of a page says: runs it, or writes the file that its first line names. */
  readonly follow: (block: CodeBlock) => Promise<string>;
}

/** The blocks of the tutorial, by the heading under which they are. */
export function tutorialBlocks(heading: string): CodeBlock[] {
  const file = 'docs/tutorial.md';
  const section = sectionsOf(file).find((each) => each.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`${file} has no heading "${heading}"`);
  return codeBlocks({ path: file, text: section });
}

/** The blocks with which a page begins, before its first heading. */
export function firstBlocks(file: string): CodeBlock[] {
  return codeBlocks({ path: file, text: sectionsOf(file)[0] ?? '' });
}

function sectionsOf(file: string): string[] {
  return readFileSync(path.join(ROOT, file), 'utf8').split(/^## /m);
}

/** @param tarball what `npm install millrace` installs */
export function newcomer(start: string, tarball: string): Newcomer {
  let folder = start;
  const type: Newcomer['type'] = async (lines, environment = {}) => {
    const script = lines.replaceAll('npm install millrace', `npm install ${tarball}`);
    const output = await bash(`set -e\n${script}\necho "@@$PWD"`, folder, { ...cleanEnvironment(), ...environment });
    folder = /^@@(.*)$/m.exec(output)?.[1] ?? folder;
    return output.replace(/^@@.*\n/m, '');
  };
  const follow = async ({ language, text }: CodeBlock): Promise<string> => {
    if (language === 'sh') return type(text);
    const name = /^(?:\/\/|--) (\S+)$/m.exec(text)?.[1];
    if (name === undefined) throw new Error(`The block does not say which file it is:\n${text}`);
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
    return '';
  };
  return { folder: () => folder, type, follow };
}

/** What a shell has: neither a test runner around it nor servers that are there already. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(VITEST|NODE_|npm_|TEMPORAL_|MILLRACE_|FORCE_COLOR|TEST$|PROD$|DEV$|MODE$|SSR$|BASE_URL$)/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(kept),
    NO_COLOR: '1',
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  };
}

function bash(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${script}\nexited with ${code}:\n${output}\n${errors}`)),
    );
  });
}
