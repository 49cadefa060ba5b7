import { projectEnvironment, type Environment } from '../config/environment.js';
import type { LoadedProject } from '../config/load.js';
import { isEnvReference, isPlainObject, resolveText } from '../config/resolve-env.js';
import { problemOf, type Place, type Problem } from '../core/problems.js';
import { placeIn } from './config-place.js';

/**
 * Looks up every environment variable that connections, staging, webhooks and channels of alerts name.
 *
 * @param provided variables that somebody will set before the connections are used
 */
export function environmentProblems(project: LoadedProject, provided: readonly string[]): Problem[] {
  const environment = projectEnvironment(project.root);
  const { staging, alerts } = project.config;
  return [
    ...Object.entries(project.config.connections).map(([name, { options }]) => ({ path: ['connections', name], options })),
    ...Object.entries(alerts?.channels ?? {}).map(([name, options]) => ({
      path: ['alerts', 'channels', name],
      options: { ...options },
    })),
    ...Object.entries(project.config.pipelines).flatMap(([name, { triggers }]) =>
      triggers?.webhook ? [{ path: ['pipelines', name, 'triggers', 'webhook'], options: { ...triggers.webhook } }] : [],
    ),
    ...(staging?.s3 ? [{ path: ['staging', 's3'], options: { ...staging.s3 } }] : []),
  ].flatMap(({ path, options }) => problemsIn({ project, environment, provided }, path, options));
}

interface Lookup {
  readonly project: LoadedProject;
  readonly environment: Environment;
  readonly provided: readonly string[];
}

function problemsIn(lookup: Lookup, path: readonly string[], options: Readonly<Record<string, unknown>>): Problem[] {
  return Object.entries(options).flatMap(([key, value]) => {
    const place = [...path, key];
    if (Array.isArray(value)) return value.flatMap((each: unknown) => problemsIn(lookup, path, { [key]: each }));
    if (!isEnvReference(value)) return isPlainObject(value) ? problemsIn(lookup, place, value) : [];
    if (lookup.provided.includes(value.name)) return [];
    try {
      resolveText(value, place.join('.'), lookup.environment);
      return [];
    } catch (error) {
      return [problemOf(error, placeIn(lookup.project, place))];
    }
  });
}

/** Where the config has a connection. */
export function connectionPlace(project: LoadedProject, name: string): Place {
  return placeIn(project, ['connections', name]);
}
