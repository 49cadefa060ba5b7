import { TerminalError } from '../core/errors.js';
import type { PlannedAddition } from '../core/quarantine.js';
import { tableUri } from '../core/table.js';
import type { Catalog } from './catalog.js';
import type { QuarantineRow, RunRow, StepRow } from './facts.js';

/** A step of a run that rejected rows, with what else the catalog knows of it. */
export interface RejectingStep {
  readonly run: RunRow;
  readonly steps: readonly StepRow[];
  readonly quarantine: QuarantineRow;
  /** The manifest of the dataset whose rows it judged. */
  readonly inputUri: string;
}

/** Looks the answers up that people get from the catalog. */
type Lookup = Pick<Catalog, 'name' | 'findRun' | 'listSteps' | 'listQuarantine' | 'findLoad'>;

/**
 * Finds the step of a run that rejected rows; `step`, its id or name, may be left out where there is one only.
 *
 * @throws TerminalError RUN_UNKNOWN, QUARANTINE_UNKNOWN
 */
export async function findRejecting(catalog: Lookup, address: Address, step: string | undefined): Promise<RejectingStep> {
  const { workflowId, runId } = address;
  const run = await catalog.findRun(workflowId, runId);
  if (!run) {
    throw new TerminalError(
      'RUN_UNKNOWN',
      `The catalog ${catalog.name} knows no run ${workflowId}${runId === undefined ? '' : `@${runId}`}. List runs with \`millrace runs\`.`,
    );
  }
  const found = await catalog.listQuarantine(run.workflowId, run.runId);
  const named = step === undefined ? found : found.filter((each) => each.step === step || each.step === `validate:${step}`);
  const [quarantine, ...others] = named;
  if (!quarantine || others.length > 0) throw unclear(run, step, found);
  const steps = await catalog.listSteps(run.workflowId, run.runId);
  const inputUri = steps.find((each) => each.step === quarantine.step)?.inputs[0]?.uri;
  if (inputUri === undefined) throw new Error(`The step ${quarantine.step} of ${run.workflowId} has no input in the catalog`);
  return { run, steps, quarantine, inputUri };
}

interface Address {
  readonly workflowId: string;
  readonly runId?: string | undefined;
}

function unclear(run: RunRow, step: string | undefined, found: readonly QuarantineRow[]): TerminalError {
  const known = found.map((each) => each.step).join(', ');
  const why =
    found.length === 0
      ? `The run ${run.workflowId} rejected no rows`
      : step === undefined
        ? `The run ${run.workflowId} has several steps that rejected rows; name one of them: ${known}`
        : `The run ${run.workflowId} has no step "${step}" that rejected rows. It has: ${known}`;
  return new TerminalError('QUARANTINE_UNKNOWN', `${why}.`);
}

/**
 * The loads that rejected rows would have been part of, each as it was done. There is an answer only where the accepted rows
 * were loaded as they are and nothing else was made of them: otherwise rows that came back would be missing elsewhere.
 *
 * @throws TerminalError REPLAY_UNSUITED, with the command that does it
 */
export async function planAdditions(catalog: Lookup, rejecting: RejectingStep): Promise<PlannedAddition[]> {
  const { run, steps, quarantine } = rejecting;
  const retry = `\`millrace retry ${run.workflowId} --from ${quarantine.step}\``;
  if (run.pipeline === 'replayQuarantine') {
    throw unsuited(
      `The run ${run.workflowId} is a replay itself. What it rejected is still in the quarantine of the run that it replays, under the same numbers: replay that one, or edit what \`millrace quarantine export\` gives of this one`,
    );
  }
  const judged = steps.find((each) => each.step === quarantine.step);
  if (judged?.status !== 'done') {
    throw unsuited(
      `Step ${quarantine.step} of run ${run.workflowId} refused its rows, so that none was loaded. Mend the source or the contract, then run ${retry}`,
    );
  }
  const consumers = steps.filter((each) => each.inputs.some(({ uri }) => uri === quarantine.datasetUri));
  const other = consumers.find((each) => each.kind !== 'load') ?? readerOf(steps, consumers);
  if (other) {
    throw unsuited(
      `What step ${quarantine.step} of run ${run.workflowId} accepted is an input of ${other.step}, whose result would lack the rows that come back. To judge all rows by today's contract, and do anew what was made of them, run ${retry}`,
    );
  }
  if (consumers.length === 0)
    throw unsuited(
      `Nothing has loaded what step ${quarantine.step} of run ${run.workflowId} accepted. To judge its rows by today's contract, run ${retry}`,
    );
  return Promise.all(consumers.map((load) => planOne(catalog, rejecting, load, retry)));
}

/** Who read a table as one of these loads had left it. */
function readerOf(steps: readonly StepRow[], loads: readonly StepRow[]): StepRow | undefined {
  const tables = new Set(
    loads.flatMap(({ result }) => (result && 'load' in result ? [tableUri(result.load.target, result.load.loadId)] : [])),
  );
  return steps.find((each) => each.inputs.some(({ uri }) => tables.has(uri)));
}

async function planOne(
  catalog: Lookup,
  { run, quarantine }: RejectingStep,
  step: StepRow,
  retry: string,
): Promise<PlannedAddition> {
  const input = step.inputs.find(({ uri }) => uri === quarantine.datasetUri);
  if (step.status !== 'done' || !step.result || !('load' in step.result) || !input) {
    throw unsuited(
      `Step ${step.step} of run ${run.workflowId} has not loaded the accepted rows. Retry the run first: \`millrace retry ${run.workflowId}\``,
    );
  }
  const { loadId } = step.result.load;
  const load = await catalog.findLoad(loadId, input.content);
  if (!load?.options) {
    throw unsuited(
      `The catalog ${catalog.name} does not know how step ${step.step} of run ${run.workflowId} loaded, as after it was made anew. To judge all rows by today's contract, run ${retry}`,
    );
  }
  const { connection, target, mode, partition, options } = load;
  if (options.audited) {
    throw unsuited(
      `Step ${step.step} of run ${run.workflowId} was audited as a whole, and rows that come late would not be. To judge and audit all rows anew, run ${retry}`,
    );
  }
  if (mode === 'scd2') {
    throw unsuited(
      `${target} keeps versions of its rows, and rows that come late would be versions out of their order. To judge all rows by today's contract, run ${retry}`,
    );
  }
  return {
    addsTo: {
      loadId,
      content: input.content,
      pipeline: String(run.pipeline),
      step: step.step,
      ...(partition !== null && { partition }),
    },
    connection,
    target: target.slice(connection.length + 1),
    mode,
    options,
  };
}

function unsuited(why: string): TerminalError {
  return new TerminalError('REPLAY_UNSUITED', `${why}.`);
}
