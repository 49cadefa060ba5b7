import { requireNoScope } from '../access/caller.js';
import type { ParsedInputOf, ResultOf } from '../api/index.js';
import { sizeOfPool } from '../config/pools.js';
import { TerminalError } from '../core/errors.js';
import { suggestName } from '../core/near-name.js';
import { poolId, slotsUsed, type HeldSlot, type PoolState, type QueuedSlot } from '../core/pools.js';
import { asksPool } from '../temporal/ask-pool.js';
import { closedRuns } from '../temporal/closed-runs.js';
import { signalFree } from '../temporal/start-pool.js';
import { sees, type Handlers, type OperationContext } from './context.js';

/** A pool answers in a moment, or not at all: then the catalog knows how it was a moment ago. */
const DEADLINE_MS = 1_000;

type Summary = ResultOf<'listPools'>['items'][number];

/** A pool as it stands, and since when; nothing but its size where nobody has used it. */
interface Standing extends Pick<PoolState, 'slots' | 'held' | 'queued'> {
  readonly waiting: number;
  readonly asOf: string | null;
  readonly from: 'pool' | 'catalog';
}

export const poolHandlers: Handlers<'listPools' | 'getPool' | 'freeSlot'> = {
  listPools,
  async getPool(context, { pool }) {
    const standing = await standingOf(context, pool);
    const mine = ({ pipeline }: QueuedSlot): boolean => sees(context, pipeline);
    return {
      ...summaryOf(context, pool, standing),
      from: standing.from,
      held: standing.held.filter(mine).map((slot) => ({ ...slot, freeAt: slot.freeAt ?? null })),
      queued: standing.queued
        .slice(0, 200)
        .map((slot, index) => ({ ...slot, position: index + 1 }))
        .filter(mine),
    };
  },
  freeSlot,
};

/** From what pools last told the catalog: a list asks none of them. */
async function listPools(context: OperationContext): Promise<ResultOf<'listPools'>> {
  const { project, catalog } = context;
  const told = new Map((await catalog.listPools(poolId(project.taskQueue, ''))).map((row) => [row.pool, row]));
  const names = [...new Set([...Object.keys(project.config.pools ?? {}), ...told.keys()])];
  const items = names.map((name): Summary => {
    const row = told.get(name);
    const standing = row ? { ...row, waiting: row.queuedInAll, asOf: row.at } : unused(context, name);
    return summaryOf(context, name, { ...standing, from: 'catalog' });
  });
  return { items, next: null };
}

async function freeSlot(
  context: OperationContext,
  { pool, slot: wanted, reason, force }: ParsedInputOf<'freeSlot'>,
): Promise<ResultOf<'freeSlot'>> {
  const { temporal, caller, project } = context;
  requireNoScope(caller, 'freeing slots, which are of all pipelines');
  const { held } = await standingOf(context, pool);
  const slot = held.find(({ token, workflowId }) => token === wanted || workflowId === wanted);
  if (!slot) throw unknownSlot(pool, wanted, held);
  const { token, workflowId, runId, step, weight } = slot;
  const [closed] = await closedRuns(temporal, [{ workflowId, runId }]);
  if (!closed && !force) {
    throw new TerminalError(
      'SLOT_IN_USE',
      `The run ${workflowId} that holds the slot is open, and its step ${step} may be at work. Cancel the run with \`millrace cancel ${workflowId}\`, which frees the slot; or use --force, and more steps than the pool allows may be at work.`,
    );
  }
  const size = sizeOfPool(project, pool) ?? { slots: 1, graceMs: 0 };
  await signalFree(temporal, { pool, taskQueue: project.taskQueue, size }, { token, by: caller.name, reason });
  return { pool, token, workflowId, runId, step, weight, forced: !closed };
}

function unknownSlot(pool: string, wanted: string, held: readonly HeldSlot[]): TerminalError {
  const known = held.map(({ token, workflowId }) => `${token} (${workflowId})`).slice(0, 20);
  const there = known.length === 0 ? 'None is taken.' : `Taken are: ${known.join(', ')}.`;
  return new TerminalError('SLOT_UNKNOWN', `Pool "${pool}" has given out no slot ${wanted}. ${there}`);
}

/** As the pool says itself; where it does not answer, as the catalog was told. @throws TerminalError POOL_UNKNOWN */
async function standingOf(context: OperationContext, pool: string): Promise<Standing> {
  const { project, catalog, temporal, states } = context;
  const id = poolId(project.taskQueue, pool);
  const told = await catalog.findPool(id);
  const size = sizeOfPool(project, pool);
  if (!told && !size) {
    const known = Object.keys(project.config.pools ?? {});
    throw new TerminalError('POOL_UNKNOWN', `The config has no pool "${pool}". ${suggestName(pool, known)}`);
  }
  if (states.offline !== true && (await states.hasWorker(project.taskQueue))) {
    const { value } = await asksPool<PoolState>(temporal.client, id, 'state', [], { deadlineMs: DEADLINE_MS });
    if (value) return { ...value, waiting: value.queued.length, asOf: new Date().toISOString(), from: 'pool' };
  }
  const standing = told ? { ...told, waiting: told.queuedInAll, asOf: told.at } : unused(context, pool);
  return { ...standing, from: 'catalog' };
}

function unused({ project }: OperationContext, pool: string): Omit<Standing, 'from'> {
  return { slots: sizeOfPool(project, pool)?.slots ?? 0, held: [], queued: [], waiting: 0, asOf: null };
}

function summaryOf({ project }: OperationContext, name: string, { slots, held, waiting, asOf }: Standing): Summary {
  const config = project.config.pools?.[name];
  const description = typeof config === 'object' ? (config.description ?? null) : null;
  const configured = sizeOfPool(project, name)?.slots ?? null;
  return { name, description, slots, configured, used: slotsUsed(held), waiting, asOf };
}
