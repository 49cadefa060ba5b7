import path from 'node:path';
import { TerminalError } from '../core/errors.js';
import { isRemote } from '../core/place.js';
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
  const entries = Object.entries(resolveTexts(connection.options, `connections.${name}`, environment));
  const absolute = ([key, value]: [string, unknown]): [string, unknown] => {
    const folder = typeof value === 'string' && !isRemote(value) && connection.folders?.includes(key);
    return [key, folder ? path.resolve(directory, value) : value];
  };
  return Object.fromEntries(entries.map(absolute));
}

/**
 * Options with every reference to the environment replaced, those of objects in them too.
 *
 * @param where the options are, for messages
 * @throws TerminalError ENV_MISSING, ENV_INVALID
 */
export function resolveTexts(
  options: Readonly<Record<string, unknown>>,
  where: string,
  environment: Environment,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => {
      const place = `${where}.${key}`;
      if (isEnvReference(value)) return [key, resolveText(value, place, environment)];
      return [key, isPlainObject(value) ? resolveTexts(value, place, environment) : value];
    }),
  );
}

/** Whether a value is an object as it is written in a config, and not one of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

export function isEnvReference(value: unknown): value is EnvReference {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'env';
}
