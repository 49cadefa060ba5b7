import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { contract } from 'millrace/config';
import { z } from 'zod';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { findRejecting } from '../../src/catalog/replay-plan.js';
import type { Contract } from '../../src/config/contract.js';
import type { Checkpoint } from '../../src/connectors/contract.js';
import { millrace, type CommandResult } from '../cli/millrace.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/ward');

export const HEADER = 'id,amount,note,month';
/** Two good rows, two that the contract rejects until it is mended, one that no contract takes. */
export const ROWS = ['1,10,,2024-01', '2,20,"",2024-01', '3,-5,"late, but true",2024-01', '4,13,,2024-01', 'x,1,,2024-01'];

/** Allows what the fixture's own contract rejects, but for ids that are no numbers. */
export const MENDED = contract(z.object({ id: z.int(), amount: z.number(), note: z.string().optional(), month: z.string() }), {
  key: ['id'],
});

/** The project `ward` with a worker in this process, whose contract can be changed while it runs. */
export interface QuarantineScene {
  readonly db: TestDatabase;
  readonly lake: string;
  readonly folder: string;
  readonly worker: ProjectWorker;
  /** Writes a file below the lake. */
  write(name: string, ...lines: readonly string[]): void;
  /** Puts a contract into the place of `Order`, for as long as `work` takes. */
  under<T>(order: Contract, work: () => Promise<T>): Promise<T>;
  /** Runs a pipeline to its end; gives its workflow id. */
  run(pipeline: string, params: Readonly<Record<string, unknown>>, workflowId?: string): Promise<string>;
  /** Replays the rejected rows of a run's only step. */
  replay(workflowId: string, edited?: string): Promise<Replayed>;
  /** The ids that a table of the warehouse holds, sorted. */
  idsOf(table: string): Promise<number[]>;
  cli(...args: readonly string[]): Promise<CommandResult>;
  withCatalog<T>(work: (catalog: Catalog) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Replayed {
  readonly workflowId: string;
  readonly result?: unknown;
  readonly code?: string;
  readonly message?: string;
}

export async function openQuarantine(options: { readonly checkpoint?: Checkpoint } = {}): Promise<QuarantineScene> {
  const db = await createTestDatabase();
  const [lake, folder] = [lastingFolder(), lastingFolder()];
  const environment = {
    WARD_LAKE: lake,
    WARD_WAREHOUSE: db.url,
    WARD_STAGING: path.join(folder, 'staging'),
    WARD_SPILL: path.join(folder, 'spill'),
    WARD_CATALOG: path.join(folder, 'catalog.db'),
  };
  const worker = await startProjectWorker(PROJECT, folder, environment, options);
  const contracts = worker.project.config.contracts as Record<string, Contract>;
  const withCatalog = async <T>(work: (catalog: Catalog) => Promise<T>): Promise<T> => {
    const catalog = await openCatalog(worker.project.catalog);
    try {
      return await work(catalog);
    } finally {
      await catalog.close();
    }
  };
  return {
    db,
    lake,
    folder,
    worker,
    withCatalog,
    write(name, ...lines) {
      const file = path.join(lake, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, `${lines.join('\n')}\n`);
    },
    async under(order, work) {
      const before = contracts['Order'] as Contract;
      contracts['Order'] = order;
      try {
        return await work();
      } finally {
        contracts['Order'] = before;
      }
    },
    async run(pipeline, params, id) {
      const handle = await worker.start(pipeline, [params], id);
      await handle.result();
      return handle.workflowId;
    },
    async replay(id, edited) {
      const { run, quarantine } = await withCatalog((catalog) => findRejecting(catalog, { workflowId: id }, undefined));
      const params = { workflowId: id, runId: run.runId, step: quarantine.step, ...(edited !== undefined && { edited }) };
      const handle = await worker.start('replayQuarantine', [params]);
      const { workflowId } = handle;
      try {
        return { workflowId, result: await handle.result() };
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        const { message, type } = error.cause as unknown as { message: string; type: string };
        return { workflowId, message, code: type };
      }
    },
    async idsOf(table) {
      const rows = await db.query<{ id: number }>(`SELECT id::int AS id FROM ${table} ORDER BY id`);
      return rows.map(({ id }) => id);
    },
    async cli(...args) {
      return millrace([...args, '--project', PROJECT], { ...environment, TEMPORAL_ADDRESS: await temporalAddress() });
    },
    async close() {
      await worker.stop();
      await db.drop();
    },
  };
}
