import { projectEnvironment } from '../config/environment.js';
import { relativeTo } from '../config/import-failure.js';
import type { LoadedProject } from '../config/load.js';
import { locateInConfig } from '../config/locate.js';
import { isEnvReference, resolveText } from '../config/resolve-env.js';
import { problemOf, type Place, type Problem } from '../core/problems.js';

/**
 * Looks up every environment variable that the connections name.
 *
 * @param provided variables that somebody will set before the connections are used
 */
export function environmentProblems(project: LoadedProject, provided: readonly string[]): Problem[] {
  const environment = projectEnvironment(project.root);
  return Object.entries(project.config.connections).flatMap(([name, { options }]) =>
    Object.entries(options).flatMap(([key, value]) => {
      if (!isEnvReference(value) || provided.includes(value.name)) return [];
      try {
        resolveText(value, `connections.${name}.${key}`, environment);
        return [];
      } catch (error) {
        return [problemOf(error, connectionPlace(project, name, key))];
      }
    }),
  );
}

/** Where the config has a connection, or one of its options. */
export function connectionPlace({ directory, configPath }: LoadedProject, name: string, key?: string): Place {
  const path = ['connections', name, ...(key === undefined ? [] : [key])];
  return { file: relativeTo(directory, configPath), ...locateInConfig(configPath, path) };
}
