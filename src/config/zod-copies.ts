import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { TerminalError, messageWithCode } from '../core/errors.js';
import { PROVEN_ZOD } from '../core/proven-zod.js';
import type { Project } from './project.js';

/**
 * What a person should know of the zod that a project's contracts are made with: that it is not the release that is compiled
 * to SQL, or that the project, in `directory`, has a copy of its own.
 */
export function zodWarnings({ contracts }: Project, directory: string): string[] {
  const others = Object.entries(contracts).filter(([, { schema }]) => versionOf(schema) !== PROVEN_ZOD);
  if (others.length > 0) return [unproven(others.map(([name]) => name).join(', '), versionOf(others[0]?.[1].schema))];
  const isTwice = Object.values(contracts).some(({ schema }) => isOfAnotherInstance(schema)) && hasOwnCopy(directory);
  return isTwice ? [twice()] : [];
}

function versionOf(schema: z.ZodObject | undefined): string {
  const { major, minor, patch } = schema?._zod.version ?? { major: 0, minor: 0, patch: 0 };
  return `${major}.${minor}.${patch}`;
}

// Each instance has classes of its own; zod's `instanceof` looks at names only, so that it takes the one for the other.
function isOfAnotherInstance(schema: z.ZodObject): boolean {
  return schema._zod.traits.has('ZodObject') && schema.constructor !== z.ZodObject;
}

// TypeScript is loaded apart from Millrace, which makes a second instance of the same files: that is one copy.
function hasOwnCopy(directory: string): boolean {
  const folderOf = (from: string): string => realpathSync(createRequire(from).resolve('zod/package.json'));
  try {
    return folderOf(path.join(directory, 'package.json')) !== folderOf(import.meta.url);
  } catch {
    return false;
  }
}

function unproven(contracts: string, version: string): string {
  return warning(
    'ZOD_UNPROVEN',
    `The contracts ${contracts} are made with zod ${version}. Only those of zod ${PROVEN_ZOD} are compiled to SQL, so each row goes through zod itself: the same verdict, many times slower. Run \`npm install --save-exact zod@${PROVEN_ZOD}\` in the project.`,
  );
}

function twice(): string {
  return warning(
    'ZOD_TWICE',
    `There are two copies of zod ${PROVEN_ZOD}, the project's and Millrace's. Contracts are judged as with one; \`npm dedupe\` makes one of them.`,
  );
}

function warning(code: 'ZOD_UNPROVEN' | 'ZOD_TWICE', message: string): string {
  return messageWithCode(new TerminalError(code, message));
}
