import { localCaller } from '../access/local-caller.js';
import type { Operations } from '../api/index.js';
import { openCatalog, type Catalog } from '../catalog/index.js';
import { remoteOperations } from '../client/http.js';
import { loadProject, type LoadedProject } from '../config/load.js';
import { messageOf, MillraceError, TransientError } from '../core/errors.js';
import type { OperationServices } from '../operations/context.js';
import { withoutTemporal } from '../operations/offline-states.js';
import { localOperations } from '../operations/perform.js';
import { openTemporalStates } from '../operations/temporal-states.js';
import type { CommandContext } from './command-context.js';
import { configuredService } from './configured-service.js';

/** The project in a folder, with its catalog, which is closed whatever happens. */
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

export interface OperationsOptions {
  /** Asks Temporal and the catalog in any case: for what needs more of the project's than operations give. @default false */
  readonly direct?: boolean;
  /** Goes on with what the catalog knows, and says so, where Temporal can't be reached. @default false */
  readonly withoutTemporal?: boolean;
  /** Asks the catalog only: for what Temporal knows nothing of. @default false */
  readonly withCatalogOnly?: boolean;
}

/**
 * Everything that can be asked: of the service that is configured, or else of Temporal and the catalog of the project in the
 * folder, as the user of this machine. With a service no project is needed.
 */
export async function withOperations<T>(
  context: CommandContext,
  work: (operations: Operations) => Promise<T>,
  options: OperationsOptions = {},
): Promise<T> {
  const service = options.direct ? undefined : configuredService(context);
  // A person waits: whoever calls again and again is no help to them.
  if (service) return work(remoteOperations({ ...service, retries: 2 }));
  return withCatalog(context.directory, async (catalog, project) => {
    const asked = await askTemporal(context, project, options);
    try {
      return await work(localOperations({ project, catalog, ...asked }, localCaller()));
    } finally {
      await asked.temporal.close();
    }
  });
}

async function askTemporal(
  { output }: CommandContext,
  { taskQueue }: LoadedProject,
  options: OperationsOptions,
): Promise<Pick<OperationServices, 'temporal' | 'states'>> {
  if (options.withCatalogOnly) return withoutTemporal(new TransientError('TEMPORAL_UNREACHABLE', 'Temporal was not asked.'));
  const { connectTemporal } = await import('../temporal/connect.js');
  try {
    const temporal = await connectTemporal();
    return { temporal, states: openTemporalStates(temporal, taskQueue) };
  } catch (error) {
    if (!options.withoutTemporal || !(error instanceof MillraceError)) throw error;
    output.warn(`${messageOf(error)} What runs is shown as the catalog last knew it.`);
    return withoutTemporal(error);
  }
}
