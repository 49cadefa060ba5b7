import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from '../core/error-codes.js';
import { messageOf } from '../core/errors.js';
import type { Place, Problem } from '../core/problems.js';
import { locateImport } from './locate.js';

/** What was to be imported. */
export interface ImportedModule {
  readonly file: string;
  /** The project's folder. */
  readonly directory: string;
  readonly code: ErrorCode;
}

/**
 * Why a module of a project does not load, with the place that is to blame: syntax errors, imports of what is not there,
 * and what it throws by itself.
 */
export function importProblems(error: unknown, module: ImportedModule): Problem[] {
  const syntax = syntaxErrors(messageOf(error));
  if (syntax.length > 0) return syntax.map(({ text, ...at }) => problem(module, `Syntax error: ${text}.`, at));
  const missing = /^Cannot find (?:module|package) '([^']+)' imported from (.+)$/.exec(messageOf(error));
  if (missing) return [missingImport(module, missing[1] as string, localPath(missing[2] as string))];
  const thrower = blamed(error, module.directory) ?? { file: module.file };
  const kind = error instanceof SyntaxError ? 'It does not load' : 'It throws when it is imported';
  return [problem(module, `${kind}: ${messageOf(error).replace(/\.$/, '')}.`, thrower)];
}

function problem({ directory, code }: ImportedModule, message: string, { file, line, column }: Place): Problem {
  return { severity: 'error', code, message, place: { file: relativeTo(directory, file), line, column } };
}

/** A file as problems name it: relative to the project's folder, with `/`. */
export function relativeTo(directory: string, file: string): string {
  return path.relative(directory, file).split(path.sep).join('/');
}

function missingImport(module: ImportedModule, wanted: string, importer: string): Problem {
  const isFile = path.isAbsolute(wanted) || wanted.startsWith('file:');
  const relative = relativeTo(path.dirname(importer), localPath(wanted));
  const specifier = !isFile ? wanted : relative.startsWith('.') ? relative : `./${relative}`;
  const advice = isFile ? 'Correct the path.' : `Install it (npm install ${wanted}), or correct the name.`;
  return problem(module, `It imports "${specifier}", which is not there. ${advice}`, {
    file: importer,
    ...locateImport(importer, specifier),
  });
}

// esbuild counts columns from 0.
function syntaxErrors(message: string): (Place & { readonly text: string })[] {
  return [...message.matchAll(/^(.+):(\d+):(\d+): ERROR: (.+)$/gm)].map(([, file, line, column, text]) => ({
    file: localPath(file as string),
    line: Number(line),
    column: Number(column) + 1,
    text: (text as string).replace(/\.$/, ''),
  }));
}

/** The innermost place of the project's own in an error's stack. */
function blamed(error: unknown, directory: string): Place | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const [, file, line, column] of stack.matchAll(/((?:file:\/\/)?\/[^\s():]+(?: [^\s():]+)*):(\d+)(?::(\d+))?/g)) {
    const local = localPath(file as string).replace(/\?.*$/, '');
    if (!local.startsWith(directory + path.sep) || local.includes(`${path.sep}node_modules${path.sep}`)) continue;
    return { file: local, line: Number(line), column: column === undefined ? undefined : Number(column) };
  }
  return undefined;
}

function localPath(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}
