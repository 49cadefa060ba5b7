import type { Context } from '@temporalio/activity';
import type { StepRow } from '../src/catalog/index.js';
import { MillraceError, TerminalError, TransientError } from '../src/core/errors.js';
import type { Manifest } from '../src/core/manifest.js';
import { parseWorkerIdentity } from '../src/core/worker-identity.js';
import { findPollers } from '../src/temporal/task-queue.js';
import type { Services } from './services.js';
import { ownTemporal } from './temporal-client.js';

type Known = Pick<Services, 'catalog' | 'staging' | 'workerIdentity'>;

/**
 * Says of a dataset that is not in this worker's staging whether it is in that of another worker. While such a one polls the task
 * queue, it can do the step, so that it is tried again. Any other error comes back as it is.
 */
export async function explainMissing(services: Known, context: Context, error: unknown): Promise<unknown> {
  if (!(error instanceof MillraceError) || error.code !== 'STAGING_MISSING') return error;
  const uri = error.details['dataset'];
  const own = stagingOf(services.workerIdentity);
  if (typeof uri !== 'string' || own === undefined) return error;
  try {
    const { name, makers } = await makersOf(services.catalog, uri);
    // A worker with this staging had it, so that it is gone since.
    if (makers.some((maker) => (stagingOf(maker) ?? own) === own)) return error;
    const others = (await findPollers(ownTemporal(context), context.info.taskQueue, 'activity'))
      .map(({ identity }) => identity)
      .filter((identity) => (stagingOf(identity) ?? own) !== own);
    const there = others.find((other) => name === undefined || makers.some((maker) => stagingOf(maker) === stagingOf(other)));
    if (there !== undefined) return notShared(services, { uri, name, maker: makers[0], there }, error);
    return makers[0] === undefined
      ? error
      : new TerminalError('STAGING_MISSING', `${error.message} ${madeElsewhere(makers[0])}`, error.details);
  } catch {
    // Neither the catalog's nor Temporal's trouble is what the step failed of.
    return error;
  }
}

function notShared(
  { staging, workerIdentity }: Known,
  dataset: {
    readonly uri: string;
    readonly name: string | undefined;
    readonly maker: string | undefined;
    readonly there: string;
  },
  cause: Error,
): TransientError {
  const { uri, name, maker, there } = dataset;
  const what = name === undefined ? uri : `"${name}" (${uri})`;
  const made = maker === undefined ? "and this worker's catalog does not know it" : `and was made by worker ${maker}`;
  return new TransientError(
    'STAGING_NOT_SHARED',
    `The dataset ${what} is not in the staging of this worker (${staging.root} on ${workerIdentity}), ${made}. Worker ${there} polls the same task queue with another staging. The step is tried again, in case that one takes it. Let all workers of a queue have one staging: set staging.root to one folder that all of them mount, or to s3://bucket/prefix.`,
    { dataset: uri },
    { cause },
  );
}

function madeElsewhere(maker: string): string {
  return `It was made by worker ${maker}, which had another staging; no worker with that one polls the task queue now.`;
}

function stagingOf(identity: string): string | undefined {
  return parseWorkerIdentity(identity)?.staging;
}

interface Makers {
  readonly name?: string;
  readonly makers: readonly string[];
}

/** Who made a dataset or found it, as far as the catalog knows. */
async function makersOf(catalog: Services['catalog'], uri: string): Promise<Makers> {
  const dataset = await catalog.findDataset(uri);
  if (!dataset) return { makers: [] };
  const workers = new Set<string>();
  for (const { workflowId, runId, step } of dataset.steps.slice(0, 5)) {
    const attempts = await catalog.listAttempts(workflowId, runId);
    for (const each of attempts) if (gave(each, step, uri)) workers.add(each.workerIdentity ?? '');
  }
  return { name: dataset.name, makers: [...workers].filter((each) => each !== '') };
}

function gave({ step, result }: StepRow, wanted: string, uri: string): boolean {
  return step === wanted && result !== null && 'dataset' in result && result.dataset.uri === uri;
}

/** Says of a local file that is not here, and that another machine's worker referred to, that it is there: another worker may read it. */
export function explainUnreachable(error: unknown, { madeBy }: Pick<Manifest, 'madeBy'>, workerIdentity: string): unknown {
  if (!(error instanceof MillraceError) || error.code !== 'FILE_MISSING' || !madeBy) return error;
  const there = parseWorkerIdentity(madeBy.workerIdentity)?.host;
  const here = parseWorkerIdentity(workerIdentity)?.host;
  if (there === undefined || here === undefined || there === here) return error;
  return new TransientError(
    'FILE_NOT_SHARED',
    `${error.message} Step ${madeBy.step} read it on worker ${madeBy.workerIdentity}; this worker (${workerIdentity}) is on another machine. Keep such files where all workers reach them by the same path, in a bucket or a shared folder, or extract with copy: true into a shared staging.`,
    error.details,
    { cause: error },
  );
}
