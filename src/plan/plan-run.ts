import type { Project } from '../config/project.js';
import type { Run } from '../../workflows/types.js';
import type { UnknownValues } from './unknown-values.js';

/** The run API over a plan: the real one, its results watched. */
export function watchedRun(run: Run<Project>, unknown: UnknownValues): Run<Project> {
  const watched = async <T extends object>(result: Promise<T>, name: (result: T) => string): Promise<T> => {
    const made = await result;
    return unknown.watch(made, name(made));
  };
  // A promise that fails before anybody awaits it is no unhandled rejection, as in a run.
  const forgive = <T>(promise: Promise<T>): Promise<T> => {
    promise.catch(() => undefined);
    return promise;
  };
  const named = ({ name, target }: { readonly name?: string; readonly target?: string }): string => name ?? target ?? '';
  const wrap =
    <A extends unknown[], T extends object>(method: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      forgive(watched(method(...args), named));
  return {
    ...run,
    extract: wrap(run.extract.bind(run)),
    validate: wrap(run.validate.bind(run) as (...args: unknown[]) => Promise<object>) as Run<Project>['validate'],
    transform: wrap(run.transform.bind(run) as (...args: unknown[]) => Promise<object>) as Run<Project>['transform'],
    check: wrap(run.check.bind(run) as (...args: unknown[]) => Promise<object>) as Run<Project>['check'],
    approve: (options) => {
      // What people are shown decides nothing.
      unknown.release(options);
      return forgive(watched(run.approve(options), () => `approval of "${options.title}"`));
    },
    load: wrap(run.load.bind(run) as (...args: unknown[]) => Promise<object>) as Run<Project>['load'],
  };
}
