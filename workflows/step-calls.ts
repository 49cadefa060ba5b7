import type { Project } from '../src/config/project.js';
import type { DatasetRef } from '../src/core/dataset.js';
import { TerminalError } from '../src/core/errors.js';
import type { Scalar } from '../src/core/filter.js';
import type { PlannedAddition } from '../src/core/quarantine.js';
import type {
  ActivityKind,
  AuditStepInput,
  DiscoverStepInput,
  QuarantineStepInput,
  StepId,
  StepKind,
  StepPolicy,
} from '../src/core/steps.js';
import type { TableInput } from '../src/core/table.js';
import type { Audit, ExtractFrom, LoadInto, StepOptions, TransformOn, ValidateOptions, WatermarkOf } from './types.js';

/** One step as it is to be run: who it is, and what its activity is told. */
export interface StepCall {
  readonly kind: ActivityKind;
  /** Unique among the run's steps of this kind; never made from the order or from parameter values. */
  readonly name: string;
  /** What the Temporal UI shows behind the activity's type: `flights from lake`. */
  readonly summary: string;
  readonly policy: StepPolicy;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The step's identity within its run. */
export function idOf({ kind, name }: { readonly kind: StepKind; readonly name: string }): StepId {
  return `${kind}:${name}`;
}

export function extractCall(dataset: string, options: ExtractFrom<Project>): StepCall {
  const { rest, policy, as } = split(options);
  const { from, ...what } = rest;
  const place = what.path ?? what.table;
  const summary = `${dataset} from ${from}${place === undefined ? '' : ` (${place})`}`;
  return { kind: 'extract', name: as ?? dataset, summary, policy, input: { dataset, connection: from, ...what } };
}

export function watermarkCall(options: WatermarkOf<Project>): StepCall {
  const { rest, policy, as } = split(options);
  const { to, table, path, name = '' } = rest;
  const target = table ?? path;
  if (target === undefined) {
    throw new TerminalError('OPTION_INVALID', `run.watermark needs the target: { to: '${to}', table: '…' }, or path for files.`);
  }
  const place = `${to}.${target}`;
  const input = { connection: to, target, name };
  return { kind: 'watermark', name: as ?? (name === '' ? place : `${place}.${name}`), summary: `of ${place}`, policy, input };
}

export function validateCall(input: DatasetRef, contract: string, options: ValidateOptions = {}): StepCall {
  const { rest, policy, as } = split(options);
  const summary = `${input.name} by ${contract}`;
  return { kind: 'validate', name: as ?? input.name, summary, policy, input: { input, contract, ...rest } };
}

export function transformCall(
  transform: string,
  inputs: Readonly<Record<string, DatasetRef>>,
  params: Readonly<Record<string, unknown>>,
  options: StepOptions = {},
): StepCall {
  const { policy, as } = split(options);
  const summary = `${transform} from ${Object.keys(inputs).join(', ')}`;
  return { kind: 'transform', name: as ?? transform, summary, policy, input: { transform, inputs, params: scalars(params) } };
}

export function checkCall(
  checks: string,
  inputs: Readonly<Record<string, DatasetRef>>,
  params: Readonly<Record<string, unknown>>,
  options: StepOptions = {},
): StepCall {
  const { policy, as } = split(options);
  const summary = `${checks} over ${Object.keys(inputs).join(', ')}`;
  return { kind: 'check', name: as ?? checks, summary, policy, input: { checks, inputs, params: scalars(params) } };
}

/** A transform that a connection runs itself. Of a table that a step made, what the step says of it stays behind. */
export function transformOnCall(
  transform: string,
  given: Readonly<Record<string, TableInput>>,
  params: Readonly<Record<string, unknown>>,
  options: TransformOn<Project, never>,
): StepCall {
  const { rest, policy, as } = split(options);
  const { table: target, ...how } = rest;
  const summary = `${transform} from ${Object.keys(given).join(', ')} into ${how.on}.${target} (${how.mode})`;
  const inputs = Object.fromEntries(
    Object.entries(given).map(([name, { connection, table, loadId, skipped }]) => [name, { connection, table, loadId, skipped }]),
  );
  const input = { transform, inputs, params: scalars(params), target, ...how };
  return { kind: 'transform', name: as ?? transform, summary, policy, input };
}

/** `input` is the dataset, or what is known of it before it is made. */
export function loadCall(
  input: DatasetRef | Pick<DatasetRef, 'name'>,
  options: LoadInto<Project, never>,
  params: Readonly<Record<string, unknown>> = {},
): StepCall {
  const { rest, policy, as } = split(options);
  const { to, table, path, audit = [], ...how } = rest;
  // Loaded without it, rows would be loaded that were loaded before, and none would be missed by anybody.
  if ('watermark' in how && !how.watermark && !isSkipped(input)) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The load of "${input.name}" was given no range as its watermark. Extracts with a cursor have one, and what validate makes of them; give it that dataset's range, or leave \`watermark\` out.`,
    );
  }
  const target = table ?? path ?? input.name;
  const summary = `${input.name} into ${to}.${target} (${how.mode})`;
  const audited = audit.length > 0 && { audit: audit.map(auditInput), params: scalars(params) };
  const given = { input, connection: to, target, ...how, ...audited };
  return { kind: 'load', name: as ?? `${to}.${target}`, summary, policy, input: given };
}

function auditInput(audit: string | Audit<Project>): AuditStepInput {
  if (typeof audit === 'string') return { checks: audit };
  const { checks, inputs } = audit;
  const tables = Object.entries(inputs).map(
    ([name, { connection, table, skipped }]) => [name, { connection, table, skipped }] as const,
  );
  return { checks, inputs: Object.fromEntries(tables) };
}

export function discoverCall(input: Omit<DiscoverStepInput, 'run' | 'step'>): StepCall {
  const summary = `tables of ${input.from} for ${input.to}`;
  return { kind: 'discover', name: input.from, summary, policy: {}, input: { ...input } };
}

export function quarantineCall(name: string, input: Omit<QuarantineStepInput, 'run' | 'step'>): StepCall {
  return {
    kind: 'quarantine',
    name,
    summary: `rows that ${input.of.step} of ${input.of.workflowId} rejected`,
    policy: {},
    input,
  };
}

/** A load of rows that came back, into the place of the load that they were missing from. */
export function additionCall(input: DatasetRef, { addsTo, connection, target, mode, options }: PlannedAddition): StepCall {
  const summary = `${input.name} into ${connection}.${target} (${mode})`;
  const call = { input, connection, target, mode, ...options, addsTo };
  return { kind: 'load', name: `${connection}.${target}`, summary, policy: {}, input: call };
}

function split<O extends StepOptions>(
  options: O,
): { rest: Omit<O, keyof StepOptions>; policy: StepPolicy; as: string | undefined } {
  const { as, timeout, retry, taskQueue, onFailure, ...rest } = options;
  if (onFailure !== undefined && onFailure !== 'fail' && onFailure !== 'wait') {
    throw new TerminalError('OPTION_INVALID', `onFailure is ${JSON.stringify(onFailure)}; it is 'fail' or 'wait'.`);
  }
  return { rest, policy: { timeout, retry, taskQueue, onFailure }, as };
}

function isSkipped(input: DatasetRef | Pick<DatasetRef, 'name'>): boolean {
  return 'skipped' in input && input.skipped !== undefined;
}

function scalars(params: Readonly<Record<string, unknown>>): Record<string, Scalar> {
  const isScalar = (value: unknown): value is Scalar => value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return Object.fromEntries(Object.entries(params).filter((entry): entry is [string, Scalar] => isScalar(entry[1])));
}
