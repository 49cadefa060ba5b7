import { isInScope, type Caller } from '../access/caller.js';
import type { OperationId, ParsedInputOf, ResultOf } from '../api/index.js';
import type { Catalog } from '../catalog/index.js';
import type { LoadedProject } from '../config/load.js';
import { findPipeline } from '../config/parameters.js';
import type { PipelineConfig } from '../config/project.js';
import { TerminalError } from '../core/errors.js';
import type { TemporalClient } from '../temporal/connect.js';
import type { TemporalStates } from './temporal-states.js';

/** What operations work with, whoever asks. */
export interface OperationServices {
  readonly project: LoadedProject;
  readonly catalog: Catalog;
  readonly temporal: TemporalClient;
  /** What Temporal said a moment ago, so that many who ask are one request. */
  readonly states: TemporalStates;
  /** How long a run may take to answer when it is steered. @default 1000 */
  readonly answerMs?: number;
}

export interface OperationContext extends OperationServices {
  readonly caller: Caller;
}

/** The code of operations, by their names. */
export type Handlers<Id extends OperationId> = {
  readonly [K in Id]: (context: OperationContext, input: ParsedInputOf<K>) => Promise<ResultOf<K>>;
};

/** Whether the caller has to do with a pipeline. One that is no longer in the config belongs to nobody in particular. */
export function sees({ project, caller }: OperationContext, pipeline: string | null): boolean {
  const config = pipeline === null ? undefined : project.pipelines[pipeline];
  return isInScope(caller, { name: pipeline ?? '', owner: config?.owner, tags: config?.tags });
}

/**
 * A pipeline that the caller has to do with.
 * @throws TerminalError PIPELINE_UNKNOWN, FORBIDDEN
 */
export function pipelineFor(context: OperationContext, name: string): PipelineConfig {
  const config = findPipeline(context.project.pipelines, name);
  requireScope(context, name);
  return config;
}

/** @throws TerminalError FORBIDDEN */
export function requireScope(context: OperationContext, pipeline: string | null): void {
  if (sees(context, pipeline)) return;
  throw new TerminalError(
    'FORBIDDEN',
    `${context.caller.name} has nothing to do with the pipeline "${String(pipeline)}". Ask an admin for a token whose scope has it, by its owner, a tag or its name.`,
    { pipeline },
  );
}
