import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { BUILT_IN_PIPELINES } from '../src/config/built-in-pipelines.js';
import type { ConnectionConfig } from '../src/config/project.js';
import { TerminalError } from '../src/core/errors.js';
import type { DiscoveredTable, DiscoverStepResult } from '../src/core/steps.js';
import { asRunFailure } from './failures.js';
import { makePipeline } from './make-pipeline.js';
import { discoverCall } from './step-calls.js';
import type { Dataset, ParamsOf, Run } from './types.js';

/** As a project that has nothing but connections. */
interface AnyProject {
  readonly connections: Readonly<Record<string, ConnectionConfig>>;
  readonly contracts: Readonly<Record<string, never>>;
  readonly transforms: Readonly<Record<string, never>>;
  readonly pipelines: typeof BUILT_IN_PIPELINES;
}

type Params = ParamsOf<AnyProject, 'replicate'>;

/** What a replication says when all went well. */
export interface ReplicateResult {
  readonly tables: number;
  /** Rows that were loaded. */
  readonly rows: number;
  /** Tables that were made. */
  readonly created: number;
}

interface Failure {
  readonly table: string;
  readonly code: string;
  readonly message: string;
}

/** A failure is written into the run's history, the catalog and a terminal: so many tables are told of, so long. */
const MAX_TOLD = 20;
const MAX_REASON = 400;

/**
 * Copies tables of one connection into another, each on its own: one that fails keeps no other from being copied, and the
 * run fails at the end.
 */
export const replicate = makePipeline<AnyProject, 'replicate', ReplicateResult>('replicate', async (run, params, steps) => {
  const { concurrency, evolution: _, ...wanted } = params;
  const { tables } = await steps.run<DiscoverStepResult>(discoverCall(wanted));
  run.log.info(`Copies ${tables.length} tables from ${params.from} to ${params.to}.`, { tables: tables.length, concurrency });
  const failures: Failure[] = [];
  const result = { tables: 0, rows: 0, created: 0 };
  await inLanes(tables, concurrency, async (table) => {
    try {
      const load = await copyTable(run, params, table);
      result.tables += 1;
      result.rows += load.rows;
      if (load.created) result.created += 1;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = failureOf(table, error);
      failures.push(failure);
      run.log.error(`${failure.table} was not copied.`, { code: failure.code });
    }
  });
  if (failures.length > 0) throw incomplete(run, params, tables, failures);
  return result;
});

/** Works on so many at once, in their order. */
async function inLanes<T>(all: readonly T[], lanes: number, work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, all.length) }, lane));
}

async function copyTable(run: Run<AnyProject>, { from, to, mode, evolution }: Params, copy: DiscoveredTable) {
  const { table, target, key, columns, problem } = copy;
  if (problem !== undefined) throw new TerminalError('OPTION_INVALID', problem);
  const rows: Dataset = await run.extract(table, { from, table, ...(columns && { columns }) });
  return run.load(rows as Dataset<Record<string, unknown>>, {
    to,
    table: target,
    mode,
    schema: evolution,
    ...(key.length > 0 && { key }),
  });
}

function failureOf({ table }: DiscoveredTable, error: unknown): Failure {
  const failure = asRunFailure(error);
  const code = failure instanceof ApplicationFailure ? (failure.type ?? 'STEP_FAILED') : 'STEP_FAILED';
  const { message } = failure;
  return { table, code, message: message.length > MAX_REASON ? `${message.slice(0, MAX_REASON)}… [${code}]` : message };
}

function incomplete(
  run: Run<AnyProject>,
  { from, to }: Params,
  tables: readonly DiscoveredTable[],
  failures: readonly Failure[],
): ApplicationFailure {
  const told = failures.slice(0, MAX_TOLD);
  const lines = told.map(({ table, message }) => `  - ${table}: ${message.replaceAll('\n', '\n    ')}`);
  if (failures.length > told.length) lines.push(`  - and ${failures.length - told.length} more`);
  const copied = tables.length - failures.length;
  const message = [
    `${failures.length} of ${tables.length} tables of "${from}" could not be copied to "${to}"; ${copied === 0 ? 'none was' : `the other ${copied} were`}.`,
    ...lines,
    `Mend the causes, then \`millrace retry ${run.id}\` copies these tables again and keeps the others. [REPLICATE_INCOMPLETE]`,
  ].join('\n');
  return ApplicationFailure.create({
    message,
    type: 'REPLICATE_INCOMPLETE',
    nonRetryable: true,
    details: [{ tables: tables.length, failed: failures.length }, told],
  });
}
