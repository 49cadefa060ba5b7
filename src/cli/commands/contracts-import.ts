import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { resolveOptions } from '../../config/resolve-env.js';
import { loadProject, type LoadedProject } from '../../config/load.js';
import type { Connector, Extracted, ExtractOptions } from '../../connectors/contract.js';
import { openConnector } from '../../connectors/registry.js';
import { profile } from '../../contracts/import/profile.js';
import { contractName, writeContract } from '../../contracts/import/write-contract.js';
import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { Part } from '../../core/manifest.js';
import { isRemote } from '../../core/place.js';
import type { TableRules } from '../../core/table.js';
import { readCsv, resolvePath } from '../../engine/dataset-sql.js';
import { openSession, type EngineSession } from '../../engine/session.js';
import { quoteFile } from '../../core/filter.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';

export interface ImportOptions {
  readonly name?: string;
  readonly sample: number;
  readonly to?: string;
}

/**
 * Writes a first contract for a table or files, from what the source declares and from its values.
 *
 * @throws TerminalError CONNECTION_UNKNOWN, CAPABILITY_MISSING, OPTION_INVALID, FILES_EXIST; TABLE_MISSING and FILE_MISSING … of the source
 */
export async function importContract(
  { output, directory }: CommandContext,
  connection: string,
  what: string,
  options: ImportOptions,
): Promise<number> {
  const name = options.name ?? contractName(what);
  if (!/^[A-Za-z_$][\w$]*$/.test(name))
    throw new TerminalError(
      'OPTION_INVALID',
      `"${name}" cannot be the name of a contract: it becomes a constant. Use letters and digits.`,
    );
  const to = options.to === undefined ? undefined : path.resolve(options.to);
  if (to !== undefined && existsSync(to)) throw new TerminalError('FILES_EXIST', `${to} is there already. Name another file.`);
  const project = await loadProject(directory);
  const imported = await withSource(project, connection, (opened) => read(opened, connection, what, options.sample));
  const code = writeContract({ ...imported, name });
  if (to !== undefined) await writeFile(to, code, { flag: 'wx' });
  output.data({
    name,
    rows: imported.rows,
    columns: imported.profiles.length,
    key: imported.key,
    ...(to === undefined ? { code } : { file: to }),
  });
  output.text(
    to === undefined ? code.trimEnd() : `Wrote the contract ${name} with ${imported.profiles.length} columns to ${options.to}.`,
  );
  return EXIT.ok;
}

interface OpenedSource {
  readonly connector: Connector;
  readonly session: EngineSession;
  readonly folder: string;
}

async function withSource<T>(project: LoadedProject, name: string, work: (opened: OpenedSource) => Promise<T>): Promise<T> {
  const described = Object.hasOwn(project.config.connections, name) ? project.config.connections[name] : undefined;
  if (!described) {
    const known = Object.keys(project.config.connections).join(', ') || 'none';
    throw new TerminalError('CONNECTION_UNKNOWN', `The config has no connection "${name}". It has: ${known}.`);
  }
  const connector = await openConnector(described.kind, name, resolveOptions(name, described, project.directory));
  const session = await openSession(project.engine, new AbortController().signal);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-import-'));
  try {
    return await work({ connector, session, folder });
  } finally {
    session.close();
    await connector.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function read(opened: OpenedSource, connection: string, what: string, sample: number) {
  const { connector, session, folder } = opened;
  const { source, kind } = connector;
  if (!source) throw new TerminalError('CAPABILITY_MISSING', `Connection "${connection}" (${kind}) cannot be read from.`);
  const rules: TableRules | undefined = await source.tableRules?.(what, sample);
  const options: ExtractOptions = rules ? { query: rules.sample } : { path: what };
  const { signal } = new AbortController();
  const context = { session, signal, progress: () => undefined, checkpoint: () => Promise.resolve() };
  const extracted = await source.extract({ dataset: 'rows', options, directory: folder }, context);
  const isText = extracted.parts.some(({ format }) => format === 'csv');
  const select = await selectOf(opened, extracted, sample);
  const profiles = await profile(session, select, extracted.columns, isText);
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM (${select})`);
  const declared = new Map((rules?.columns ?? []).map((column) => [column.name, column]));
  return {
    source: `${what} of ${connection}`,
    rows: Number(counted?.rows ?? 0),
    isText,
    profiles,
    key: rules?.key ?? [],
    declared,
  };
}

/** The rows that are looked at. Malformed lines are no rows, here as for a contract. */
async function selectOf(
  { connector, session, folder }: OpenedSource,
  { parts, columns }: Extracted,
  sample: number,
): Promise<string> {
  const { signal } = new AbortController();
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  const place = async (part: Part): Promise<string> => {
    if (isRemote(part.path)) return (await connector.source?.remote?.place(part, { session, signal })) ?? part.path;
    return resolvePath(folder, part.path);
  };
  const reads = await Promise.all(
    parts.map(async (part) => {
      const file = await place(part);
      const from =
        part.format === 'csv'
          ? readCsv({ ...part, path: file }, folder, ['ignore_errors = true'])
          : `read_parquet(${quoteFile(file)}, hive_partitioning = false)`;
      return `SELECT ${names} FROM ${from}`;
    }),
  );
  const none = `SELECT ${columns.map(({ name, type }) => `NULL::${type} AS ${quoteIdentifier(name)}`).join(', ')} WHERE FALSE`;
  return `SELECT * FROM (${reads.length === 0 ? none : reads.join(' UNION ALL ')}) LIMIT ${sample}`;
}
