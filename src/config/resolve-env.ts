import path from 'node:path';
import { TerminalError } from '../core/errors.js';
import type { Configurable, EnvReference } from './env.js';
import type { ConnectionConfig } from './project.js';

/** @throws TerminalError ENV_MISSING naming the variable and `where` it is used */
export function resolveText(value: Configurable, where: string, environment: NodeJS.ProcessEnv = process.env): string {
  if (typeof value === 'string') return value;
  const found = environment[value.name] ?? value.default;
  if (found !== undefined) return found;
  throw new TerminalError(
    'ENV_MISSING',
    `${where} needs the environment variable ${value.name}, which is not set and has no default. Set it for the worker.`,
  );
}

/**
 * A connection's options as its connector takes them: values from the environment, folders absolute.
 * @throws TerminalError ENV_MISSING
 */
export function resolveOptions(
  name: string,
  connection: ConnectionConfig,
  directory: string,
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, unknown> {
  const resolve = ([key, value]: [string, unknown]): [string, unknown] => {
    const found = isEnvReference(value) ? resolveText(value, `connections.${name}.${key}`, environment) : value;
    const folder = typeof found === 'string' && connection.folders?.includes(key);
    return [key, folder ? path.resolve(directory, found) : found];
  };
  return Object.fromEntries(Object.entries(connection.options).map(resolve));
}

export function isEnvReference(value: unknown): value is EnvReference {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'env';
}
