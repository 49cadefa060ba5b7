import type { StepRow } from '../src/catalog/index.js';
import { contractName } from '../src/config/check.js';
import { checkInput } from '../src/contracts/columns.js';
import type { Marked } from '../src/core/admission.js';
import { MillraceError, TerminalError } from '../src/core/errors.js';
import type { Manifest } from '../src/core/manifest.js';
import { isInPlace } from '../src/core/place.js';
import type { DatasetStepResult } from '../src/core/steps.js';
import { verifyParts } from '../src/engine/part-files.js';
import { referenceTo } from '../src/engine/staging.js';
import type { Services } from './services.js';

/** A step of an earlier run that counts as done, with the dataset that somebody gave it. */
export interface ResolvedMark {
  readonly marked: Marked;
  readonly result: DatasetStepResult;
  readonly manifest: Manifest;
}

/** Where staging puts manifests. Nothing else is opened, whatever somebody asks for. */
const MANIFEST = /^datasets\/[0-9a-f]{2}\/[0-9a-f]{64}\/manifest\.json$/;

const MARKABLE = ['extract', 'validate', 'transform'];

/**
 * Sees that a dataset can stand for what a step of a run was to make. Whether a judgement's contract is the dataset's, the run
 * itself sees when it comes to the step.
 *
 * @throws TerminalError MARK_INVALID saying why not
 */
export async function resolveMark(
  services: Services,
  steps: readonly StepRow[],
  marked: Marked,
  signal: AbortSignal,
): Promise<ResolvedMark> {
  refuseStep(steps, marked);
  const manifest = await readWhole(services, marked, signal);
  refuseContract(services, marked, manifest);
  const { verdict } = manifest;
  const judged = verdict && { rowsRead: verdict.rowsRead, rejected: verdict.rejected, reasons: verdict.reasons.slice(0, 3) };
  const result = { dataset: referenceTo({ manifest, uri: marked.dataset }), reused: true, ...judged };
  return { marked, result, manifest };
}

function refuseStep(steps: readonly StepRow[], { step: wanted }: Marked): void {
  const step = steps.find((each) => each.step === wanted);
  const open = steps.filter(({ kind, status }) => status !== 'done' && MARKABLE.includes(kind)).map((each) => each.step);
  const known = `Steps that did not finish and make a dataset: ${open.join(', ') || 'none'}`;
  if (!step) throw invalid(`The run has no step "${wanted}". ${known}`);
  if (step.status === 'done') throw invalid(`Step ${wanted} is done. ${known}. To do it anew, retry from it`);
  if (!MARKABLE.includes(step.kind)) throw invalid(`Step ${wanted} makes no dataset. ${known}`);
}

async function readWhole({ staging }: Services, { dataset }: Marked, signal: AbortSignal): Promise<Manifest> {
  if (!MANIFEST.test(dataset)) {
    throw invalid(
      `"${dataset.slice(0, 200)}" names no staged dataset: that is as "datasets/ab/abcd…/manifest.json", the uri of a step's result`,
    );
  }
  try {
    const manifest = await staging.read(dataset);
    // Finding it says that it is in use, to whoever cleans up meanwhile.
    await staging.find(manifest.key, signal);
    const own = manifest.parts.filter((part) => !isInPlace(part.path));
    const { remote } = staging;
    if (remote) for (const part of own) await remote.verify(part, signal);
    // What is read where it is, by a connection, is looked at by the steps that read it.
    const here = manifest.parts.filter((part) => (isInPlace(part.path) ? part.connection === undefined : !remote));
    await verifyParts(here, staging.root);
    return manifest;
  } catch (error) {
    if (!(error instanceof MillraceError) || error.retryable) throw error;
    throw invalid(`The dataset "${dataset}" cannot be used: ${error.message.replace(/\.$/, '')}`, error);
  }
}

/** A judged dataset has to fit its contract as that is today; a transform's has to be one that some transform promises. */
function refuseContract({ project }: Services, { step, dataset }: Marked, { contract, columns }: Manifest): void {
  const { contracts, transforms } = project.config;
  const name = contract?.name;
  if (name === undefined) {
    if (step.startsWith('extract:')) return;
    throw invalid(`The dataset "${dataset}" has passed no contract, and ${step} gives one that has`);
  }
  const definition = Object.hasOwn(contracts, name) ? contracts[name] : undefined;
  if (!definition) throw invalid(`The dataset "${dataset}" has passed contract "${name}", which the config has not`);
  const own = step.startsWith('transform:') ? transforms[step.slice('transform:'.length)] : undefined;
  const promised = own && contractName(project.config, own.output);
  if (promised !== undefined && promised !== name) {
    throw invalid(`The dataset "${dataset}" is of contract "${name}", and ${step} promises "${promised}"`);
  }
  try {
    checkInput(definition, columns, { transform: step, input: 'dataset', table: dataset });
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    throw invalid(`The dataset "${dataset}" does not fit contract "${name}" as it is today: ${error.message}`, error);
  }
}

function invalid(why: string, cause?: unknown): TerminalError {
  return new TerminalError('MARK_INVALID', `${why.replace(/\.$/, '')}.`, {}, { cause });
}
