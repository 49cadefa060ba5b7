import type { Destination, LoadRequest } from '../src/connectors/contract.js';
import type { Column, DatasetRef } from '../src/core/dataset.js';
import { outcomeOf } from '../src/core/checks.js';
import { TerminalError } from '../src/core/errors.js';
import { boundedResult, type LoadResult } from '../src/core/load.js';
import { quoteIdentifier } from '../src/core/filter.js';
import type { Manifest } from '../src/core/manifest.js';
import { countRows as countRanges, unite, type LoadOptions } from '../src/core/quarantine.js';
import type { LoadStepInput, LoadStepResult } from '../src/core/steps.js';
import { storedWatermark } from '../src/core/watermark.js';
import { namingDamaged } from '../src/engine/damaged-parts.js';
import { datasetSelect } from '../src/engine/dataset-sql.js';
import { countNew, requireCursor, selectNew, type RangedRows } from '../src/engine/range-select.js';
import { prepareAudit } from './audit.js';
import { numberedSelect, rangesOf } from '../src/engine/quarantine/returning-rows.js';
import { withConnection } from './connection.js';
import type { Growing } from './handover.js';
import { openInput } from './input.js';
import { inputFact } from './lineage.js';
import { identityOf } from './load-identity.js';
import type { Services } from './services.js';
import { tellTriggers } from './tell-triggers.js';
import { stepActivity, type StepOutcome } from './step-activity.js';
import type { StepCall } from './step-call.js';

/** Writes a dataset into a connection, in one transaction there, once. */
export function makeLoad(services: Services) {
  return stepActivity<LoadStepInput, LoadStepResult>(services, 'load', (input, call) =>
    load(services, input, call, {
      whole: async () => ({ reference: input.input, manifest: await services.staging.read(input.input.uri) }),
    }),
  );
}

/** Where the rows of a load come from. */
export interface LoadSource {
  /** The dataset, once it is whole. */
  whole(): Promise<WholeDataset>;
  /** Rows that can be read before. @default none */
  readonly growing?: Growing;
}

interface WholeDataset {
  readonly reference: DatasetRef;
  readonly manifest: Manifest;
}

/** Does the step. */
export function load(
  services: Services,
  input: Omit<LoadStepInput, 'input'>,
  call: StepCall,
  source: LoadSource,
): Promise<StepOutcome<LoadStepResult>> {
  return withConnection(services, input.connection, call, async (connector) => {
    const { destination } = connector;
    if (!destination)
      throw new TerminalError('CAPABILITY_MISSING', `Connection "${input.connection}" (${connector.kind}) cannot be written to.`);
    requireCapability(input, destination);
    const audit = await prepareAudit(services, input, call, connector);
    const early = await loadEarly(services, input, call, source, destination);
    const { reference, manifest } = await source.whole();
    const { connection } = input;
    const done =
      early ??
      (await namingDamaged(manifest.parts, async () =>
        destination.load(
          { ...(await requestFor(services, input, call, { reference, manifest })), ...(audit && { audit }) },
          call,
        ),
      ));
    const { partition } = input.run;
    const { content } = reference;
    await tellTriggers(services, destination, { ...done, content, partition: (input.addsTo ?? input.run).partition }, call);
    const moved = input.watermark && storedWatermark(input.watermark);
    const recorded = {
      ...done,
      options: optionsOf(input),
      ...(input.addsTo && { addsTo: input.addsTo.loadId }),
      content,
      connection,
      ...(partition !== undefined && { partition }),
      ...(moved && { moved }),
    };
    const { audited } = done;
    return {
      result: { load: boundedResult(done), ...(audited && { audited: outcomeOf(audited) }) },
      inputs: [inputFact(reference)],
      load: recorded,
      ...(audited && { checks: audited }),
    };
  });
}

/** Loads rows while others are still made, where the destination can; `undefined` says that the whole is to be loaded. */
async function loadEarly(
  services: Services,
  input: Omit<LoadStepInput, 'input'>,
  call: StepCall,
  source: LoadSource,
  destination: Destination,
): Promise<LoadResult | undefined> {
  const { growing } = source;
  if (!growing) return undefined;
  const { columns, contract } = growing;
  const { content: _, ...identity } = identityOf(input, '');
  try {
    call.phase('loading');
    const key = keyOf(services, input, { name: input.step, columns, contract });
    const ranged = rangedRows(input, columns);
    if (ranged) requireCursor(ranged);
    const batches = ranged ? newOf(growing.batches, ranged) : growing.batches;
    const whole = async () => requestFor(services, input, call, await source.whole());
    return await destination.loadGrowing?.({ ...targetOf(input), identity, columns, key, batches, whole }, call);
  } finally {
    // Whatever was not read: who makes the rows must not wait for it.
    growing.leave();
  }
}

async function requestFor(
  services: Services,
  input: Omit<LoadStepInput, 'input'>,
  call: StepCall,
  { reference, manifest }: WholeDataset,
): Promise<LoadRequest> {
  const opened = await openInput(services, call, manifest);
  const { name, columns, contract } = manifest;
  if (input.addsTo) return addingRequest(services, input, call, { reference, manifest: opened.manifest });
  const all = datasetSelect(opened.manifest, services.staging.root);
  call.phase('loading');
  const ranged = rangedRows(input, columns);
  if (ranged) requireCursor(ranged);
  const select = ranged ? selectNew(all, ranged) : all;
  return {
    ...targetOf(input),
    identity: identityOf(input, reference.content),
    select,
    columns,
    rows: ranged ? await countNew(call.session, all, ranged) : (manifest.rows ?? (await countRows(call, all))),
    key: keyOf(services, input, { name, columns, contract: contract?.name }),
  };
}

/** Rows that came back from quarantine: those that nobody has added before. */
async function addingRequest(
  services: Services,
  input: Omit<LoadStepInput, 'input'>,
  call: StepCall,
  { reference, manifest }: WholeDataset,
): Promise<LoadRequest> {
  const { addsTo, target, connection } = input;
  if (!addsTo) throw new TypeError('The load adds to no other');
  const identity = { ...identityOf(input, reference.content), pipeline: addsTo.pipeline, step: addsTo.step };
  const { loadId, content, partition } = addsTo;
  const added = await withConnection(services, connection, call, async ({ destination }) =>
    destination?.additions?.({ target, connection, loadId, content }, call),
  );
  const done = unite((added ?? []).filter((each) => each.loadId !== identity.loadId).map((each) => each.rows));
  const numbered = numberedSelect(manifest, services.staging.root, done);
  const rows = await rangesOf(call.session, numbered);
  call.phase('loading');
  const { name, columns, contract } = manifest;
  return {
    ...targetOf(input),
    identity: { ...identity, ...(partition !== undefined && { partition }) },
    select: `SELECT ${columns.map((column) => quoteIdentifier(column.name)).join(', ')} FROM (${numbered})`,
    columns,
    rows: countRanges(rows),
    key: keyOf(services, input, { name, columns, contract: contract?.name }),
    addsTo: { loadId, content, rows },
  };
}

/** As somebody who adds to the load later has to give them. */
function optionsOf(input: Omit<LoadStepInput, 'input'>): LoadOptions {
  const { key } = input;
  const { partition, deleteFlag, validFrom, schema } = targetOf(input);
  return {
    ...(key && { key }),
    ...(partition && { partition }),
    deleteFlag,
    validFrom,
    schema,
    ...(input.audit && { audited: true as const }),
  };
}

function targetOf(input: Omit<LoadStepInput, 'input'>) {
  const { mode, target, connection, partition, watermark, deleteFlag, validFrom, schema } = input;
  return {
    mode,
    target,
    connection,
    ...(partition && { partition }),
    ...(watermark && { watermark }),
    ...(deleteFlag !== undefined && { deleteFlag }),
    ...(validFrom !== undefined && { validFrom }),
    ...(schema !== undefined && { schema }),
  };
}

/** Set where only what is new is to be loaded: an append adds what its range says, whatever was read again. */
function rangedRows(
  { mode, watermark, connection, target }: Omit<LoadStepInput, 'input'>,
  columns: readonly Column[],
): RangedRows | undefined {
  return mode === 'append' && watermark ? { range: watermark, columns, target: `${connection}.${target}` } : undefined;
}

async function* newOf(batches: AsyncIterable<string>, ranged: RangedRows): AsyncGenerator<string> {
  for await (const select of batches) yield selectNew(select, ranged);
}

interface Keyed {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly contract: string | undefined;
}

/** @throws TerminalError COLUMN_MISSING, OPTION_INVALID */
export function keyOf(
  services: Pick<Services, 'project'>,
  input: Omit<LoadStepInput, 'input'>,
  dataset: Keyed,
): readonly string[] | undefined {
  const contract = dataset.contract === undefined ? undefined : services.project.config.contracts[dataset.contract];
  const key = input.key ?? (contract && contract.key.length > 0 ? contract.key : undefined);
  if (key) {
    const columns = new Set(dataset.columns.map((column) => column.name));
    const missing = key.filter((column) => !columns.has(column));
    if (missing.length > 0)
      throw new TerminalError(
        'COLUMN_MISSING',
        `The key of the load into "${input.target}" names ${missing.join(', ')}; the dataset "${dataset.name}" has: ${[...columns].join(', ')}.`,
      );
  }
  if (!key && (input.mode === 'merge' || input.mode === 'scd2')) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The load into "${input.target}" with mode '${input.mode}' needs a key: give the contract one, or the load: { key: ['…'] }.`,
    );
  }
  return key;
}

/** @throws TerminalError CAPABILITY_MISSING, OPTION_INVALID */
export function requireCapability(input: Omit<LoadStepInput, 'input'>, destination: Destination): void {
  const { capabilities } = destination;
  const { connection, target, mode, partition, deleteFlag, validFrom } = input;
  if (!capabilities.modes.includes(mode)) {
    throw new TerminalError(
      'CAPABILITY_MISSING',
      `Connection "${connection}" cannot ${mode}. It can: ${capabilities.modes.join(', ')}.`,
    );
  }
  if (input.watermark) requireWatermark(input, destination);
  const misplaced =
    partition && mode !== 'replace'
      ? "a partition, which only mode 'replace' takes"
      : deleteFlag !== undefined && mode !== 'merge' && mode !== 'scd2'
        ? "a deleteFlag, which only the modes 'merge' and 'scd2' take"
        : validFrom !== undefined && mode !== 'scd2'
          ? "validFrom, which only mode 'scd2' takes"
          : undefined;
  if (misplaced !== undefined)
    throw new TerminalError('OPTION_INVALID', `The load into "${target}" names ${misplaced}; its mode is '${mode}'.`);
  if (partition && !capabilities.partitions) {
    throw new TerminalError('CAPABILITY_MISSING', `Connection "${connection}" cannot replace one partition of a target.`);
  }
  if (deleteFlag !== undefined && !capabilities.deletes) {
    throw new TerminalError('CAPABILITY_MISSING', `Connection "${connection}" cannot delete rows by a deleteFlag.`);
  }
}

function requireWatermark({ connection, target, mode }: Omit<LoadStepInput, 'input'>, destination: Destination): void {
  if (!destination.watermark) {
    throw new TerminalError('CAPABILITY_MISSING', `Connection "${connection}" keeps no watermarks. Leave \`watermark\` out.`);
  }
  if (mode === 'replace') {
    throw new TerminalError(
      'OPTION_INVALID',
      `The load into "${target}" has a watermark and mode 'replace', which takes away what earlier ranges have loaded. Use append or merge.`,
    );
  }
}

async function countRows(call: StepCall, select: string): Promise<number> {
  const [row] = await call.session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM (${select})`);
  return Number(row?.rows ?? 0);
}
