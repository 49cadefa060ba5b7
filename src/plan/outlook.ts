import type { Column, DatasetRef } from '../core/dataset.js';
import type { StepResult } from '../core/steps.js';
import type { PlannedStep } from './plan.js';

/** What is known of a step before it runs, and what stands for its result. */
export interface Outlook extends Pick<PlannedStep, 'inputs' | 'columns' | 'reads' | 'writes' | 'notes'> {
  readonly result: StepResult;
}

/** A dataset that a step would make. */
export interface PlannedDataset {
  readonly name: string;
  readonly columns: readonly Column[] | null;
  /** Whether its values are text, as in CSV. */
  readonly isText: boolean;
  readonly contract?: string;
  readonly range?: DatasetRef['range'];
}
