import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Contract, RowOf } from '../config/contract.js';
import { openConnector } from '../connectors/registry.js';
import { judge } from '../contracts/judge.js';
import { quoteFile } from '../core/filter.js';
import type { Manifest, Reason } from '../core/manifest.js';
import { datasetSelect } from '../engine/dataset-sql.js';
import { manifestOf, readRows } from './rows.js';
import { withWorkbench, type Workbench } from './workbench.js';

/** What `validate` makes of a file. */
export interface JudgedRows<Row> {
  /** The rows that the contract accepts, as it has converted them. */
  readonly accepted: readonly Row[];
  readonly rejected: readonly RejectedRow[];
}

/** A row that a contract rejects. */
export interface RejectedRow {
  /** Its line in the file; the header is line 1. */
  readonly line: number;
  /** All that is wrong with it: zod's issues, broken rules, or that the line is not CSV. */
  readonly reasons: readonly Reason[];
}

const FILE = 'rows.csv';

/**
 * Judges CSV text by a contract, exactly as `run.validate` judges a file, rules in SQL included.
 *
 * @example
 * const { accepted, rejected } = await judgeCsv(Order, 'id,amount\n1,9.50\n2,lots\n');
 * @throws TerminalError FILE_HEADER, CONTRACT_COLUMNS … as the step does
 */
export function judgeCsv<C extends Contract>(contract: C, csv: string): Promise<JudgedRows<RowOf<C>>> {
  return withWorkbench(async (bench) => {
    const input = await extract(bench, csv);
    const directory = path.join(bench.directory, 'judged');
    await mkdir(directory);
    const request = { ...bench, input, stagingRoot: bench.directory, contractName: 'contract', contract, directory };
    const judged = await judge(bench.session, request);
    const settled = (name: string): string => (name.startsWith('./') ? path.join(directory, name) : name);
    const parts = judged.parts.map((part) => ({
      ...part,
      path: settled(part.path),
      ...(part.deletes !== undefined && { deletes: settled(part.deletes) }),
    }));
    const select = datasetSelect(manifestOf('rows', judged.columns, { parts }), bench.directory);
    const accepted = await readRows(bench.session, contract, judged.columns, select);
    const { rejects } = judged.verdict;
    return {
      accepted: accepted as RowOf<C>[],
      rejected: rejects === undefined ? [] : await readRejected(bench, settled(rejects)),
    };
  });
}

async function extract(bench: Workbench, csv: string): Promise<Manifest> {
  const root = path.join(bench.directory, 'source');
  await mkdir(root);
  await writeFile(path.join(root, FILE), csv);
  const connector = await openConnector('files', 'test', { root });
  try {
    const request = { dataset: 'rows', options: { path: FILE }, directory: root };
    const extracted = await connector.source?.extract(request, bench);
    return manifestOf('rows', extracted?.columns ?? [], { parts: extracted?.parts ?? [] });
  } finally {
    await connector.close();
  }
}

async function readRejected({ session }: Workbench, file: string): Promise<RejectedRow[]> {
  const rows = await session.rows<{ line: bigint; reasons: string }>(
    `SELECT line, '"' || reasons AS reasons FROM read_parquet(${quoteFile(file)}) ORDER BY line`,
  );
  return rows.map(({ line, reasons }) => ({ line: Number(line), reasons: JSON.parse(reasons.slice(1)) as Reason[] }));
}
