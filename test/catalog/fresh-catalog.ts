import { join } from 'node:path';
import Database from 'libsql';
import { onTestFinished } from 'vitest';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { temporaryFolder } from '../support/folder.js';

const TABLES = [
  'runs',
  'step_runs',
  'datasets',
  'dataset_parents',
  'quality_results',
  'quality_reasons',
  'quarantine',
  'loads',
] as const;

export interface Opened {
  readonly catalog: Catalog;
  readonly path: string;
}

/** An empty catalog that is closed when the running test ends. */
export async function freshCatalog(): Promise<Opened> {
  const path = join(temporaryFolder(), 'deep', 'catalog.db');
  const catalog = await openCatalog({ path });
  onTestFinished(() => catalog.close());
  return { catalog, path };
}

/** Everything the catalog holds, read past it. */
export function contentsOf(path: string): Record<string, unknown[]> {
  const database = new Database(path);
  try {
    return Object.fromEntries(
      TABLES.map((table) => [table, database.prepare(`select * from "${table}" order by 1, 2, 3, 4`).all([])]),
    );
  } finally {
    database.close();
  }
}
