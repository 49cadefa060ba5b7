import { openCatalog, type Catalog } from '../catalog/index.js';
import { loadProject, type LoadedProject } from '../config/load.js';
import type { TemporalClient } from '../temporal/connect.js';

/** Opens what a command needs, and closes it whatever happens. */
export async function withTemporal<T>(work: (temporal: TemporalClient) => Promise<T>): Promise<T> {
  const { connectTemporal } = await import('../temporal/connect.js');
  const temporal = await connectTemporal();
  try {
    return await work(temporal);
  } finally {
    await temporal.close();
  }
}

/** The project in a folder, with its catalog open. */
export async function withCatalog<T>(
  directory: string,
  work: (catalog: Catalog, project: LoadedProject) => Promise<T>,
): Promise<T> {
  const project = await loadProject(directory);
  const catalog = await openCatalog(project.catalog);
  try {
    return await work(catalog, project);
  } finally {
    await catalog.close();
  }
}
