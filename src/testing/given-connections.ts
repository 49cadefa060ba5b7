import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { resolveOptions } from '../config/resolve-env.js';
import type { Project } from '../config/project.js';
import type {
  CallContext,
  Connector,
  Destination,
  Extracted,
  ExtractRequest,
  LoadRequest,
  Source,
} from '../connectors/contract.js';
import { openConnector } from '../connectors/registry.js';
import type { Watermark } from '../core/cursor.js';
import type { Column } from '../core/dataset.js';
import { TerminalError } from '../core/errors.js';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../core/filter.js';
import type { LoadMode } from '../core/load.js';
import { suggestName } from '../core/near-name.js';
import { rangeOf } from './given-range.js';
import { writeGiven, type GivenRows } from './given-rows.js';

/** What a test gives in the place of systems. */
export interface Given {
  readonly datasets: Readonly<Record<string, GivenRows>>;
  readonly watermarks: Readonly<Record<string, string | number | null>>;
}

/** Rows that a load has handed over. */
export interface CapturedLoad {
  /** The connection and the target, as the pipeline names them: `warehouse.orders`. */
  readonly target: string;
  readonly step: string;
  readonly mode: LoadMode;
  readonly columns: readonly Column[];
  readonly rows: number;
  /** A Parquet file. */
  readonly file: string;
}

/**
 * Connections whose sources have the rows that a test gives, and whose destinations keep what is loaded. They can do what the
 * project's own can, which are asked for it and never connect.
 *
 * @param folder for the files of both
 */
export class GivenConnections {
  readonly loads: CapturedLoad[] = [];

  constructor(
    private readonly project: Project,
    private readonly given: Given,
    private readonly folder: string,
  ) {}

  /** @throws TerminalError CONFIG_INVALID as opening the real one does */
  async open(name: string): Promise<Connector> {
    const real = await this.openReal(name);
    const { kind } = real;
    await real.close();
    return {
      kind,
      secrets: [],
      ...(real.source && { source: this.source() }),
      ...(real.destination && { destination: this.destination(real.destination) }),
      check: () => Promise.resolve('a test'),
      close: () => Promise.resolve(),
    };
  }

  /** Opened with whatever the config has without the environment: a test must not depend on it. */
  private async openReal(name: string): Promise<Connector> {
    const connection = this.project.connections[name];
    if (!connection) throw new TypeError(`No connection "${name}"`);
    const unset = (): undefined => undefined;
    try {
      return await openConnector(connection.kind, name, resolveOptions(name, connection, this.folder, unset));
    } catch (error) {
      if (!(error instanceof TerminalError) || !error.code.startsWith('ENV_')) throw error;
      const anything = (): string => 'postgres://test@127.0.0.1/test';
      return openConnector(connection.kind, name, resolveOptions(name, connection, this.folder, anything));
    }
  }

  private source(): Source {
    return {
      fingerprint: () => Promise.resolve(null),
      extract: (request, context) => this.extract(request, context),
    };
  }

  private async extract(request: ExtractRequest, context: CallContext): Promise<Extracted> {
    const rows = this.rowsOf(request.dataset);
    // Another one for each step: two may read the same dataset at the same time.
    const root = await mkdtemp(path.join(this.folder, 'given-'));
    const file = await writeGiven(root, request.dataset, rows);
    const { where, columns, cursor } = request.options;
    const files = await openConnector('files', 'test', { root });
    const options = { path: file.path, format: file.format, ...(where && { where }), ...(columns && { columns }) };
    const extracted = (await files.source?.extract({ ...request, options }, context)) as Extracted;
    await files.close();
    const typed = await typeDates(extracted, file.dates, request.directory, context);
    return cursor === undefined ? typed : rangeOf(typed, request, context);
  }

  private rowsOf(dataset: string): Exclude<GivenRows, Error> {
    const { datasets } = this.given;
    const rows = Object.hasOwn(datasets, dataset) ? datasets[dataset] : undefined;
    if (rows instanceof Error) throw rows;
    if (rows !== undefined) return rows;
    throw new TerminalError(
      'TEST_DATA_MISSING',
      `The pipeline extracts "${dataset}", and the test gives no rows for it: testPipeline(…, { datasets: { '${dataset}': [ … ] } }). ${suggestName(dataset, Object.keys(datasets))}`,
    );
  }

  private destination(real: Destination): Destination {
    return {
      capabilities: real.capabilities,
      load: (request, context) => this.load(request, context),
      ...(real.watermark && {
        watermark: ({ connection, target, name, step }) => this.watermark(`${connection}.${target}`, name, step),
      }),
    };
  }

  private watermark(target: string, name: string, step: string): Promise<Watermark> {
    const value = this.given.watermarks[name === '' ? target : `${target}#${name}`] ?? null;
    return Promise.resolve({ target, name, step, value: value === null ? null : String(value) });
  }

  private async load(request: LoadRequest, { session }: CallContext) {
    const { connection, mode, columns, identity, watermark } = request;
    const target = `${connection}.${request.target}`;
    const file = path.join(this.folder, `load-${this.loads.length}.parquet`);
    const list = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
    const capture = { target, step: identity.step, mode, columns, rows: request.rows, file };
    this.loads.push(capture);
    await session.run(`COPY (SELECT ${list} FROM (${request.select}) AS dataset) TO ${quoteLiteral(file)} (FORMAT parquet)`);
    return {
      target,
      mode,
      rows: request.rows,
      replaced: 0,
      alreadyDone: false,
      loadId: identity.loadId,
      created: true,
      ...(watermark && { watermark: watermark.upTo }),
    };
  }
}

/** Gives dates their type. */
async function typeDates(
  extracted: Extracted,
  dates: readonly string[],
  directory: string,
  { session }: CallContext,
): Promise<Extracted> {
  const [part, ...others] = extracted.parts;
  const found = dates.filter((name) => extracted.columns.some((column) => column.name === name));
  if (part === undefined || others.length > 0 || found.length === 0) return extracted;
  const casts = found.map((name) => `CAST(${quoteIdentifier(name)} AS TIMESTAMPTZ) AS ${quoteIdentifier(name)}`).join(', ');
  const file = path.join(directory, 'typed.parquet');
  await session.run(
    `COPY (SELECT * REPLACE (${casts}) FROM read_parquet(${quoteFile(path.join(directory, part.path))})) TO ${quoteLiteral(file)} (FORMAT parquet)`,
  );
  const columns = extracted.columns.map((column) =>
    found.includes(column.name) ? { ...column, type: 'TIMESTAMP WITH TIME ZONE' } : column,
  );
  return { ...extracted, columns, parts: [{ ...part, path: './typed.parquet' }] };
}
