import type { SourceDescription, TargetDescription } from '../connectors/contract.js';
import type { Column } from '../core/dataset.js';
import type { Filter } from '../core/filter.js';
import type { LoadMode, TargetPartition } from '../core/load.js';
import type { StepId, StepKind } from '../core/steps.js';

/** Something about a step that a person should know. An `error` is what the step would fail with. */
export interface PlanNote {
  readonly severity: 'error' | 'warning';
  /** As docs/errors.md lists them. */
  readonly code: string;
  readonly message: string;
}

/** What a step would read. */
export interface PlannedRead extends Omit<SourceDescription, 'columns' | 'isText'> {
  readonly connection: string;
  readonly where?: Filter;
}

/** Where a step would write. */
export interface PlannedWrite {
  readonly connection: string;
  readonly mode: LoadMode;
  readonly key: readonly string[];
  readonly partition?: TargetPartition;
  /** As the pipeline names it, until the connection has told its name. */
  readonly target: string;
  /** `null` where the connection could not be asked. */
  readonly exists: boolean | null;
  /** The target's columns as they are, or as they would be made; `null` where nobody knows. */
  readonly columns: TargetDescription['columns'] | null;
  readonly changes: TargetDescription['changes'];
}

/** One step as a run would do it. */
export interface PlannedStep {
  readonly step: StepId;
  readonly kind: StepKind;
  readonly name: string;
  /** From 1. Steps of one stage begin together; those of the next one wait for some of them. */
  readonly stage: number;
  /** In a sentence: `flights by Flight`. */
  readonly summary: string;
  /** The datasets and tables that it is given. */
  readonly inputs: readonly string[];
  /** The columns of what it makes; `null` where they show only when it runs, absent where it makes none. */
  readonly columns?: readonly Column[] | null;
  readonly reads?: PlannedRead;
  readonly writes?: PlannedWrite;
  readonly notes: readonly PlanNote[];
}

/** What a run of a pipeline would do. */
export interface Plan {
  readonly pipeline: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly partition?: string;
  readonly steps: readonly PlannedStep[];
  /** How the plan ends: with the pipeline, with what the run would fail with, or before something that only a run knows. */
  readonly end: { readonly kind: 'complete' } | ({ readonly kind: 'fails' | 'unknown' } & Omit<PlanNote, 'severity'>);
}
