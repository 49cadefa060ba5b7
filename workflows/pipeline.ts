import type { Project } from '../src/config/project.js';
import { makePipeline } from './make-pipeline.js';
import type { DefinePipeline, NameOf, ParamsOf, Run } from './types.js';

/**
 * Gives `pipeline()` for one project, known by its type alone, so that no value of the config enters the workflow sandbox.
 *
 * @example export const pipeline = pipelines<typeof project>();
 */
export function pipelines<P extends Project>(): DefinePipeline<P> {
  return function pipeline<N extends NameOf<P['pipelines']>, R>(
    name: N,
    body: (run: Run<P>, params: ParamsOf<P, N>) => Promise<R>,
  ) {
    return makePipeline<P, N, R>(name, body);
  };
}
