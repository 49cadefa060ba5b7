import { z } from 'zod';
import type { ResultOf } from '../api/index.js';
import type { Catalog } from '../catalog/index.js';
import { TerminalError } from '../core/errors.js';
import { pipelineFor, sees, type Handlers, type OperationContext } from './context.js';
import { readCursor, writeCursor } from './cursor.js';

type DatasetDetail = NonNullable<Awaited<ReturnType<Catalog['findDataset']>>>;

const place = z.object({ createdAt: z.string(), uri: z.string() });

export const datasetHandlers: Handlers<'listDatasets' | 'getDataset'> = {
  async listDatasets(context, { pipeline, cursor, limit, ...filter }) {
    if (pipeline !== undefined) pipelineFor(context, pipeline);
    const pipelines = pipeline === undefined ? pipelinesInScope(context) : [pipeline];
    const after = cursor === undefined ? undefined : readCursor(cursor, place);
    const found = await context.catalog.listDatasets({
      ...filter,
      ...(pipelines && { pipelines }),
      ...(after && { after }),
      limit: limit + 1,
    });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const next = found.length > limit && last ? writeCursor({ createdAt: last.createdAt, uri: last.uri }) : null;
    return { items, next };
  },
  getDataset: async (context, { dataset }) => structuredClone(await datasetFor(context, dataset)) as ResultOf<'getDataset'>,
};

/**
 * A dataset of a pipeline that the caller has to do with.
 * @throws TerminalError DATASET_UNKNOWN
 */
export async function datasetFor(context: OperationContext, uri: string): Promise<DatasetDetail> {
  const found = await context.catalog.findDataset(uri);
  // A dataset is of all pipelines that made or found it.
  if (found && (!context.caller.scope || found.steps.some(({ pipeline }) => sees(context, pipeline)))) return found;
  throw new TerminalError(
    'DATASET_UNKNOWN',
    `The catalog knows no dataset "${uri}", or none of a pipeline that ${context.caller.name} has to do with. List them with \`millrace datasets\`.`,
  );
}

/** The pipelines that a caller has to do with; `undefined` for all, those that are no longer in the config too. */
export function pipelinesInScope(context: OperationContext): string[] | undefined {
  return context.caller.scope && Object.keys(context.project.pipelines).filter((name) => sees(context, name));
}
