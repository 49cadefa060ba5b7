import path from 'node:path';
import { TerminalError } from '../core/errors.js';
import { projectEnvironment, type Environment } from './environment.js';
import type { Configurable, EnvReference } from './env.js';
import type { ConnectionConfig } from './project.js';

/** @throws TerminalError ENV_MISSING naming the variable and `where` it is used; ENV_INVALID */
export function resolveText(value: Configurable, where: string, environment: Environment): string {
  if (typeof value === 'string') return value;
  const found = environment(value.name) ?? value.default;
  if (found !== undefined) return found;
  throw new TerminalError(
    'ENV_MISSING',
    `${where} needs the environment variable ${value.name}, which is not set and has no default. Set it for the worker, or in the project's .env, or let ${value.name}_FILE name a file that holds it.`,
  );
}

/**
 * A connection's options as its connector takes them: values from the project's environment, folders absolute.
 *
 * @param directory the project's folder
 * @throws TerminalError ENV_MISSING, ENV_INVALID
 */
export function resolveOptions(
  name: string,
  connection: ConnectionConfig,
  directory: string,
  environment: Environment = projectEnvironment(directory),
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
