import type { Destination } from '../src/connectors/contract.js';
import { TerminalError } from '../src/core/errors.js';
import type { LoadIdentity } from '../src/core/load.js';
import type { Manifest } from '../src/core/manifest.js';
import type { LoadStepInput, LoadStepResult } from '../src/core/steps.js';
import { namingDamaged } from '../src/engine/damaged-parts.js';
import { datasetSelect } from '../src/engine/dataset-sql.js';
import { verifyParts } from '../src/engine/part-files.js';
import { withConnection } from './connection.js';
import { inputFact } from './lineage.js';
import type { Services } from './services.js';
import { stepActivity } from './step-activity.js';
import type { StepCall } from './step-call.js';

/** Writes a dataset into a connection, in one transaction there, once. */
export function makeLoad(services: Services) {
  return stepActivity<LoadStepInput, LoadStepResult>(services, 'load', (input, call) =>
    withConnection(services, input.connection, call, async (connector) => {
      const { destination } = connector;
      if (!destination)
        throw new TerminalError(
          'CAPABILITY_MISSING',
          `Connection "${input.connection}" (${connector.kind}) cannot be written to.`,
        );
      requireCapability(input, destination);
      const manifest = await services.staging.read(input.input.uri);
      await verifyParts(manifest.parts, services.staging.root);
      const identity = identityOf(input);
      const select = datasetSelect(manifest, services.staging.root);
      call.phase('loading');
      const request = {
        identity,
        mode: input.mode,
        target: input.target,
        connection: input.connection,
        select,
        columns: manifest.columns,
        rows: manifest.rows ?? (await countRows(call, select)),
        key: keyOf(services, input, manifest),
        partition: input.partition,
      };
      const load = await namingDamaged(manifest.parts, () => destination.load(request, call));
      const recorded = {
        ...load,
        content: identity.content,
        connection: input.connection,
        ...(identity.partition !== undefined && { partition: identity.partition }),
      };
      return { result: { load }, inputs: [inputFact(input.input)], load: recorded };
    }),
  );
}

function identityOf({ run, step, input }: LoadStepInput): LoadIdentity {
  return {
    loadId: `${run.loadScope}/${step}`,
    content: input.content,
    pipeline: run.pipeline,
    step,
    ...(run.partition !== undefined && { partition: run.partition }),
    workflowId: run.workflowId,
    runId: run.runId,
  };
}

function keyOf(services: Services, input: LoadStepInput, manifest: Manifest): readonly string[] | undefined {
  const contract = manifest.contract && services.project.config.contracts[manifest.contract.name];
  const key = input.key ?? (contract && contract.key.length > 0 ? contract.key : undefined);
  if (key) {
    const columns = new Set(manifest.columns.map((column) => column.name));
    const missing = key.filter((column) => !columns.has(column));
    if (missing.length > 0)
      throw new TerminalError(
        'COLUMN_MISSING',
        `The key of the load into "${input.target}" names ${missing.join(', ')}; the dataset "${manifest.name}" has: ${[...columns].join(', ')}.`,
      );
  }
  if (!key && input.mode === 'merge') {
    throw new TerminalError(
      'OPTION_INVALID',
      `A merge into "${input.target}" needs a key: give the contract one, or the load: { key: ['…'] }.`,
    );
  }
  return key;
}

function requireCapability(input: LoadStepInput, { capabilities }: Destination): void {
  if (!capabilities.modes.includes(input.mode)) {
    throw new TerminalError(
      'CAPABILITY_MISSING',
      `Connection "${input.connection}" cannot ${input.mode}. It can: ${capabilities.modes.join(', ')}.`,
    );
  }
  if (input.partition && input.mode !== 'replace') {
    throw new TerminalError(
      'OPTION_INVALID',
      `The load into "${input.target}" names a partition, which only mode 'replace' takes.`,
    );
  }
  if (input.partition && !capabilities.partitions) {
    throw new TerminalError('CAPABILITY_MISSING', `Connection "${input.connection}" cannot replace one partition of a target.`);
  }
}

async function countRows(call: StepCall, select: string): Promise<number> {
  const [row] = await call.session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM (${select})`);
  return Number(row?.rows ?? 0);
}
