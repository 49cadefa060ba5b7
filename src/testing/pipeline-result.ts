import type { RunStateView, StepState } from '../../workflows/run-state-view.js';
import type { Contract, RowOf } from '../config/contract.js';
import type { Project } from '../config/project.js';
import { TerminalError } from '../core/errors.js';
import type { LoadMode } from '../core/load.js';
import { suggestName } from '../core/near-name.js';
import type { Reason } from '../core/manifest.js';
import type { LogFacts, LogLevel } from '../core/run-log.js';

/** A row as a test sees it: of the values that its contract's type has, where a contract is known. */
export type AnyRow = Readonly<Record<string, unknown>>;

/** What one load handed over. */
export interface TestedLoad {
  /** The connection and the target, as the pipeline names them: `warehouse.orders`. */
  readonly target: string;
  readonly mode: LoadMode;
  /** The contract of the rows, if any. */
  readonly contract: string | undefined;
  readonly rows: readonly AnyRow[];
}

/** A row that a contract rejects. */
export interface TestedReject {
  /** The row's number in the dataset that was given, from 1; in CSV text its line, where the header is line 1. */
  readonly line: number;
  readonly reasons: readonly Reason[];
  /** The row, its values as text and long ones cut; the text of a line that is not CSV. */
  readonly row: unknown;
}

export interface TestedLogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly facts?: LogFacts;
}

/** How the pipeline's function ended, if it threw. */
export interface TestedError {
  /** As docs/errors.md lists them; STEP_FAILED for an error of the pipeline's own. */
  readonly code: string;
  readonly message: string;
  /** What was thrown. */
  readonly cause: unknown;
}

/** All that a run of a pipeline came to, in memory. */
export interface PipelineOutcome {
  readonly value: unknown;
  readonly error: TestedError | undefined;
  readonly steps: RunStateView['steps'];
  readonly log: readonly TestedLogLine[];
  readonly loads: readonly TestedLoad[];
  /** By the name of the step that judged. */
  readonly rejects: ReadonlyMap<string, readonly TestedReject[]>;
}

/** What a run of a pipeline did. */
export class PipelineTest<P extends Project = Project, Result = unknown> {
  /** How it ended, where the pipeline's function threw; `undefined` when it returned. */
  readonly error: TestedError | undefined;
  /** The steps, in the order in which they began. */
  readonly steps: readonly StepState[];
  /** What the pipeline and its steps have logged. */
  readonly log: readonly TestedLogLine[];
  /** Every load, in the order in which they began. */
  readonly loads: readonly TestedLoad[];
  readonly #outcome: PipelineOutcome;

  constructor(outcome: PipelineOutcome) {
    this.#outcome = outcome;
    this.error = outcome.error;
    this.steps = outcome.steps;
    this.log = outcome.log;
    this.loads = outcome.loads;
  }

  /** What the pipeline's function returned. @throws TerminalError TEST_DATA_MISSING when it threw, with its error */
  get value(): Result {
    if (this.error) throw missing(`The pipeline returned nothing.${this.#failed()}`, this.error);
    return this.#outcome.value as Result;
  }

  /**
   * The rows that were loaded into a target, of all its loads one after the other, whatever their mode.
   *
   * @param target the connection and the table or path, as the pipeline names them: `warehouse.orders`
   * @param contract the contract that they are of, which gives them their type
   * @throws TerminalError TEST_DATA_MISSING when nothing was loaded there, or rows of another contract
   */
  loaded(target: string): readonly AnyRow[];
  loaded<C extends keyof P['contracts'] & string>(target: string, contract: C): readonly RowOf<P['contracts'][C] & Contract>[];
  loaded(target: string, contract?: string): readonly AnyRow[] {
    const loads = this.loads.filter((load) => load.target === target);
    if (loads.length === 0) {
      const targets = [...new Set(this.loads.map((load) => load.target))];
      const told = targets.length === 0 ? 'Nothing was loaded anywhere.' : suggestName(target, targets);
      throw missing(`Nothing was loaded into "${target}". ${told}${this.#failed()}`, this.error);
    }
    const other = loads.find((load) => contract !== undefined && load.contract !== contract);
    if (other) throw missing(`The rows loaded into "${target}" are of ${other.contract ?? 'no contract'}, not of "${contract}".`);
    return loads.flatMap(({ rows }) => rows);
  }

  /**
   * The rows that a step's contract rejected, in the order of the source.
   *
   * @param dataset the step's name: that of the dataset it judges, or its `as`
   * @throws TerminalError TEST_DATA_MISSING when no step of that name has judged anything
   */
  rejected(dataset: string): readonly TestedReject[] {
    const found = this.#outcome.rejects.get(dataset);
    if (found) return found;
    const told = suggestName(dataset, [...this.#outcome.rejects.keys()]);
    throw missing(`No step has judged "${dataset}". ${told}${this.#failed()}`, this.error);
  }

  #failed(): string {
    return this.error ? ` The run failed: ${this.error.message}` : '';
  }
}

function missing(message: string, error?: TestedError): TerminalError {
  return new TerminalError('TEST_DATA_MISSING', message, {}, error && { cause: error.cause });
}
