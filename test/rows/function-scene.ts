import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import type { RowsTransform } from '../../src/config/rows.js';
import type { Column } from '../../src/core/dataset.js';
import type { Manifest } from '../../src/core/manifest.js';
import { openSession, type EngineSession } from '../../src/engine/session.js';
import { runRows, type RowsMade } from '../../src/rows/run-rows.js';

export const FUNCTIONS = path.resolve(import.meta.dirname, '../fixtures/functions');

export interface Ran extends RowsMade {
  /** A SELECT of what was made. */
  readonly table: string;
  readonly session: EngineSession;
}

export interface FunctionScene {
  /** Runs a function of the fixture over inputs that are given as SELECTs. */
  run(
    transform: string,
    inputs: Readonly<Record<string, string>>,
    options?: {
      readonly params?: Readonly<Record<string, unknown>>;
      readonly signal?: AbortSignal;
      readonly memoryMb?: number;
      readonly progress?: (rows: number) => void;
    },
  ): Promise<Ran>;
  close(): void;
}

/** The fixture's functions, with a DuckDB of their own for each run. */
export async function openScene(root: string): Promise<FunctionScene> {
  const project: LoadedProject = await loadProject(FUNCTIONS);
  const sessions: EngineSession[] = [];
  const stage = async (session: EngineSession, name: string, select: string): Promise<Manifest> => {
    const file = path.join(await mkdtemp(path.join(root, 'input-')), 'part-0.parquet');
    await session.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
    const found = await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${select}`);
    const columns: Column[] = found.map((each) => ({ name: each.column_name, type: each.column_type, nullable: true }));
    return {
      version: 1,
      name,
      key: name,
      content: name,
      createdAt: '2024-01-01T00:00:00Z',
      rows: null,
      bytes: 0,
      columns,
      schema: '',
      parents: [],
      reproducible: true,
      parts: [{ path: file, format: 'parquet', rows: null, bytes: 0, fingerprint: '' }],
      engine: 'duckdb',
    };
  };
  return {
    async run(transform, inputs, { params = {}, signal = new AbortController().signal, memoryMb, progress } = {}) {
      const limits = { memoryLimit: '500MB', threads: 2, spillDirectory: path.join(root, 'spill') };
      const session = await openSession(limits, signal);
      sessions.push(session);
      const definition = project.config.transforms[transform] as RowsTransform;
      const staged: Record<string, Manifest> = {};
      for (const [name, select] of Object.entries(inputs)) staged[name] = await stage(session, name, select);
      const directory = await mkdtemp(path.join(root, 'attempt-'));
      const made = await runRows(session, {
        name: transform,
        definition: memoryMb === undefined ? definition : { ...definition, memoryMb },
        project,
        inputs: staged,
        params,
        stagingRoot: root,
        directory,
        signal,
        progress: progress ?? (() => undefined),
      });
      const files = made.parts.map((part) => `'${path.join(directory, part.path)}'`);
      return { ...made, session, table: `read_parquet([${files.join(', ')}])` };
    },
    close: () => sessions.forEach((session) => session.close()),
  };
}
