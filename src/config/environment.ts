import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isUtf8 } from 'node:buffer';
import { parseEnv } from 'node:util';
import { TerminalError } from '../core/errors.js';

/** Looks a variable up, where a project's settings and secrets are. `undefined` when it is set nowhere. */
export type Environment = (name: string) => string | undefined;

type Variables = Readonly<Record<string, string | undefined>>;

/** A longer secret is a wrong path, not a secret. */
const MAX_SECRET_BYTES = 1024 * 1024;

/**
 * The environment of a project: the variables of this process, then those of the file `.env` in the project's folder. In
 * each of the two, `X_FILE` names a file that holds the value of `X` (Docker's and Kubernetes' secrets), less one newline
 * at its end; a relative path counts from the project's folder. Files are read anew at each look, so that a secret that
 * was replaced is seen by the next step. Nothing is written into the environment of this process.
 *
 * The lookup throws TerminalError ENV_INVALID when a file cannot be read or a variable is set in both ways. Its message
 * names variable and file, never a value.
 */
export function projectEnvironment(directory: string, variables: Variables = process.env): Environment {
  return (name) => lookIn(variables, name, directory) ?? lookIn(readDotEnv(directory), name, directory);
}

function lookIn(variables: Variables, name: string, directory: string): string | undefined {
  const value = variables[name];
  const file = variables[`${name}_FILE`];
  if (file === undefined || file === '') return value;
  if (value !== undefined) {
    throw invalid(`Both ${name} and ${name}_FILE are set: which of the two counts is not clear. Unset one of them.`);
  }
  return readSecret(`${name}_FILE`, path.resolve(directory, file));
}

function readDotEnv(directory: string): Variables {
  const file = path.join(directory, '.env');
  try {
    return parseEnv(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    throw invalid(`${file} cannot be read (${code ?? 'not text'}). Make it a text file that this user may read, or remove it.`);
  }
}

function readSecret(variable: string, file: string): string {
  const place = `the file that ${variable} names, ${file},`;
  let content: Buffer;
  try {
    const stats = statSync(file);
    if (!stats.isFile()) throw invalid(`${place} is not a file. Name a file that holds the value and nothing else.`);
    if (stats.size > MAX_SECRET_BYTES) {
      throw invalid(`${place} has ${stats.size} bytes; a secret has at most ${MAX_SECRET_BYTES}. Name the file that holds it.`);
    }
    content = readFileSync(file);
  } catch (error) {
    if (error instanceof TerminalError) throw error;
    throw invalid(`${place} cannot be read: ${whyNot(error as NodeJS.ErrnoException)}`);
  }
  if (!isUtf8(content)) throw invalid(`${place} is not text in UTF-8. Write the value into it as text.`);
  const value = content.toString('utf8').replace(/\r?\n$/, '');
  if (value === '') throw invalid(`${place} is empty. Write the value into it.`);
  return value;
}

function whyNot({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return `there is none. Correct the path, which counts from the project's folder when it is relative, or mount the secret.`;
  }
  if (code === 'EACCES' || code === 'EPERM') return `access is refused (${code}). Give the worker's user the right to read it.`;
  return `${code ?? 'unknown reason'}. Check the file.`;
}

function invalid(message: string): TerminalError {
  return new TerminalError('ENV_INVALID', message.charAt(0).toUpperCase() + message.slice(1));
}
