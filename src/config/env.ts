/** A value taken from the environment of the project, by the process that uses it, when it uses it. */
export interface EnvReference {
  readonly kind: 'env';
  readonly name: string;
  readonly default?: string;
}

/** Text as written in the config, or the name of an environment variable that holds it. */
export type Configurable = string | EnvReference;

/**
 * Refers to an environment variable. It is read by the worker, in the activity that needs it, so neither the config nor
 * any history holds its value. In order: the variable, the file that `<name>_FILE` names, both again as the file `.env`
 * in the project's folder sets them, `fallback`.
 *
 * @param fallback used when the variable is not set; without it, use fails with ENV_MISSING
 */
export function env(name: string, fallback?: string): EnvReference {
  return fallback === undefined ? { kind: 'env', name } : { kind: 'env', name, default: fallback };
}
