import { duckdbChecks } from '../src/checks/duckdb-engine.js';
import { failuresOf, tellFailed } from '../src/checks/tell.js';
import { CONTRACT_INPUT } from '../src/config/check-findings.js';
import { outcomeOf, type CheckResult } from '../src/core/checks.js';
import { TerminalError } from '../src/core/errors.js';
import type { Manifest, Verdict } from '../src/core/manifest.js';
import type { DatasetStepResult, ValidateStepInput } from '../src/core/steps.js';
import { contractHash } from '../src/contracts/hash.js';
import { judge } from '../src/contracts/judge.js';
import type { EarlyRows } from '../src/contracts/judge-request.js';
import { namingDamaged } from '../src/engine/damaged-parts.js';
import { referenceTo, type StagedDataset } from '../src/engine/staging.js';
import { zodThreads } from '../src/rows/zod-threads.js';
import { findContract } from './contract.js';
import { ENGINE, datasetKey } from '../src/engine/dataset-key.js';
import { openInput } from './input.js';
import { parentOf, inputFact } from './lineage.js';
import type { Services } from './services.js';
import { patiently } from './patience.js';
import { judgeChecks } from './judge-checks.js';
import { ChecksFailedError, JudgedError, stepActivity, type StepOutcome } from './step-activity.js';
import { stageOnce, type Staged, type StepDraft } from './stage-once.js';
import type { StepCall } from './step-call.js';

/** Judges every row of a dataset by a contract. Rejected rows are kept, with their reasons, beside the accepted ones. */
export function makeValidate(services: Services) {
  return stepActivity<ValidateStepInput, DatasetStepResult>(services, 'validate', async (input, call) => {
    return (await validate(services, input, call)).outcome;
  });
}

/** A judged dataset, and the step's outcome. */
export interface Validated {
  readonly staged: StagedDataset;
  readonly outcome: StepOutcome<DatasetStepResult>;
}

/**
 * Does the step. `early` takes accepted rows before all are judged, and must have read them when its `close` resolves:
 * then the files move to their place.
 *
 * @throws TerminalError CONTRACT_BREACH when more rows were rejected than the step allows
 */
export async function validate(
  services: Services,
  input: ValidateStepInput,
  call: StepCall,
  early?: EarlyRows & { close(): Promise<void> },
): Promise<Validated> {
  checkMaxRejected(input.maxRejected);
  const { staged, reused } = await judgeOnce(services, input, call, early);
  const verdict = staged.manifest.verdict as Verdict;
  refuseBreach(input, verdict, staged);
  const checks = await checkAccepted(services, input, call, staged);
  const result: DatasetStepResult = {
    dataset: referenceTo(staged),
    rowsRead: verdict.rowsRead,
    rejected: verdict.rejected,
    judgedBySql: verdict.judgedBySql,
    undecided: verdict.undecided,
    judgedByZod: verdict.judgedByZod,
    reasons: verdict.reasons.slice(0, 3),
    reused,
    ...(checks && { checks: outcomeOf(checks) }),
  };
  const facts = { inputs: [inputFact(input.input)], manifest: staged.manifest, ...(checks && { checks }) };
  return { staged, outcome: { result, ...facts } };
}

async function judgeOnce(
  services: Services,
  input: ValidateStepInput,
  call: StepCall,
  early: (EarlyRows & { close(): Promise<void> }) | undefined,
): Promise<Staged> {
  const contract = findContract(services, input.contract);
  const { hash, exact, definition } = contractHash(contract);
  await patiently(() => services.catalog.recordContract({ name: input.contract, hash, definition }), call.signal);
  const dataset = await services.staging.read(input.input.uri);
  // A contract with functions has no exact hash: what they close over may have changed since.
  const origin = exact ? null : `${input.run.loadScope}/${input.step}`;
  const key = datasetKey({
    step: 'validate',
    input: dataset.content,
    name: dataset.name,
    contract: input.contract,
    hash,
    origin,
  });
  return stageOnce(services, call, key, async (directory) => {
    call.phase('judging');
    const opened = await openInput(services, call, dataset);
    const source = opened.manifest;
    const { project } = services;
    const request = {
      input: source,
      stagingRoot: services.staging.root,
      contractName: input.contract,
      contract,
      directory,
      progress: call.progress,
      signal: call.signal,
      checkpoint: call.checkpoint,
      threads: zodThreads({ project, name: input.contract, contract, threads: project.engine.threads }),
      ...(early && opened.isLocal && { early }),
    };
    const judged = await namingDamaged(source.parts, () => judge(call.session, request));
    for (const warning of judged.warnings) call.log('warn', warning);
    for (const note of judged.notes) call.log('info', note);
    await opened.verify();
    await early?.close();
    const draft = describe(input, source, { hash, definition }, judged);
    return { ...draft, parts: opened.restore(draft.parts) };
  });
}

function describe(
  input: ValidateStepInput,
  source: Manifest,
  contract: { readonly hash: string; readonly definition: string },
  judged: Awaited<ReturnType<typeof judge>>,
): StepDraft {
  const inPlace =
    judged.parts === source.parts || judged.parts.some((part) => source.parts.some((before) => before.path === part.path));
  return {
    name: source.name,
    rows: judged.verdict.accepted,
    columns: judged.columns,
    contract: { name: input.contract, ...contract },
    parents: [parentOf(input.input)],
    reproducible: source.reproducible,
    parts: judged.parts,
    // New parts hold only the rows that the filter let through; shared parts still hold the others.
    ...(inPlace && source.filter && { filter: source.filter }),
    ...(source.range && { range: source.range }),
    verdict: judged.verdict,
    refused: isBreach(input, judged.verdict),
    engine: ENGINE,
  };
}

function refuseBreach(input: ValidateStepInput, verdict: Verdict, staged: StagedDataset): void {
  const { maxRejected = 0 } = input;
  if (!isBreach(input, verdict)) return;
  const top = verdict.reasons
    .slice(0, 3)
    .map((reason) => `${reason.path || 'row'}: ${reason.message.replace(/\.$/, '')} (${reason.rows})`);
  const limit = maxRejected > 0 && maxRejected < 1 ? `${Number((maxRejected * 100).toPrecision(6))} %` : String(maxRejected);
  throw new JudgedError(
    `Contract "${input.contract}" rejected ${verdict.rejected} of ${verdict.rowsRead} rows of "${input.input.name}", more than maxRejected (${limit}). Most often: ${top.join('; ')}. See them with: millrace quarantine ${input.run.workflowId}`,
    { dataset: staged.uri, manifest: staged.manifest },
  );
}

/**
 * Judges the accepted rows as a whole, where the contract has checks: anew in every attempt and run, since what they are
 * compared with changes even where the rows do not.
 *
 * @throws ChecksFailedError CHECK_FAILED
 */
async function checkAccepted(
  services: Services,
  { run, step, contract: set, input }: ValidateStepInput,
  call: StepCall,
  staged: StagedDataset,
): Promise<readonly CheckResult[] | undefined> {
  const { checks } = findContract(services, set);
  if (Object.keys(checks).length === 0) return undefined;
  const { manifest } = await openInput(services, call, staged.manifest);
  const stagingRoot = services.staging.root;
  const results = await namingDamaged(manifest.parts, async () => {
    const engine = await duckdbChecks(call.session, { set, inputs: { [CONTRACT_INPUT]: manifest }, stagingRoot, params: {} });
    return judgeChecks(services, call, engine, { run, step, set, input: CONTRACT_INPUT, checks });
  });
  const failed = failuresOf(results);
  if (failed.length === 0) return results;
  throw new ChecksFailedError(
    'CHECK_FAILED',
    `${failed.length} of ${results.length} checks of contract "${set}" failed over the accepted rows of "${input.name}". ${tellFailed(failed)}. See all with: millrace show ${run.workflowId}`,
    results,
    { dataset: staged.uri, manifest: staged.manifest },
  );
}

function isBreach({ maxRejected }: ValidateStepInput, { rejected, rowsRead }: Verdict): boolean {
  if (maxRejected === undefined) return false;
  return rejected > (maxRejected < 1 ? maxRejected * rowsRead : maxRejected);
}

/** @throws TerminalError OPTION_INVALID */
export function checkMaxRejected(value: number | undefined): void {
  if (value !== undefined && !(value >= 0))
    throw new TerminalError('OPTION_INVALID', `maxRejected is ${value}; it is a share below 1 or a number of rows.`);
}
