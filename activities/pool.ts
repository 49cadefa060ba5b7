import { Context } from '@temporalio/activity';
import type { LoadedProject } from '../src/config/load.js';
import { TerminalError } from '../src/core/errors.js';
import { suggestName } from '../src/core/near-name.js';
import {
  POOL_WORKFLOW,
  type AcquireInput,
  type PoolSize,
  type PoolBefore,
  type PoolSweep,
  type ReleaseInput,
} from '../src/core/pools.js';
import { sizeOfPool } from '../src/config/pools.js';
import { poolBefore, type PoolExecution } from '../src/temporal/pool-before.js';
import { closedRuns } from '../src/temporal/closed-runs.js';
import { toFailure } from './failure.js';
import type { Services } from './services.js';
import { ownTemporal } from './temporal-client.js';

/** Asks a pool for a slot, and starts the pool where there is none. */
export function makeAcquireSlot({ project }: Pick<Services, 'project'>) {
  return async ({ pool, request, ...where }: AcquireInput): Promise<void> => {
    try {
      const size = sizeFor(project, pool);
      if (request.weight > size.slots) {
        throw new TerminalError(
          'POOL_TOO_SMALL',
          `Step ${request.step} asks for ${request.weight} slots of pool "${pool}", which has ${size.slots}. Give the step a smaller weight, or the pool more slots.`,
          { pool },
        );
      }
      await signal({ pool, ...where }, size, 'acquire', { ...size, request });
    } catch (error) {
      throw toFailure(error);
    }
  };
}

/** Gives a slot back. A pool that somebody has terminated is started again by it, so that those who wait get their turn. */
export function makeReleaseSlot({ project }: Pick<Services, 'project'>) {
  return async ({ released, ...where }: ReleaseInput): Promise<void> => {
    try {
      // A pool that has left the config meanwhile still has its slots.
      const size = sizeOfPool(project, where.pool) ?? { slots: 1, graceMs: 0 };
      await signal(where, size, 'release', released);
    } catch (error) {
      throw toFailure(error);
    }
  };
}

/** Which of the runs that hold a pool's slots have closed, and how large the pool is to be. */
export function makeSweepPool({ project }: Pick<Services, 'project'>) {
  return async (input: {
    readonly pool: string;
    readonly runs: readonly { readonly workflowId: string; readonly runId: string }[];
  }): Promise<PoolSweep> => {
    try {
      const size = sizeOfPool(project, input.pool);
      return { closed: await closedRuns(ownTemporal(), input.runs), ...(size && { size }) };
    } catch (error) {
      throw toFailure(error);
    }
  };
}

/** How often the pool before is asked for its own word. After that, what it last told the catalog counts. */
const MOST_ASKED = 5;

/** What the pools had that were there before, the latest first; nothing where there was none. */
export function makeRecoverPool({ catalog }: Pick<Services, 'catalog'>) {
  return async (own: PoolExecution): Promise<readonly PoolBefore[]> => {
    const { info, log } = Context.current();
    try {
      const told = await catalog.findPool(own.poolId);
      const before = await poolBefore(ownTemporal(), own, told?.runId).catch((error: unknown) => {
        if (info.attempt < MOST_ASKED) throw error;
        log.warn(`The pool ${own.poolId} before this one does not answer; what it last told the catalog counts`, { error });
        return [];
      });
      return before.length === 0 && told ? [told] : before;
    } catch (error) {
      throw toFailure(error);
    }
  };
}

function sizeFor(project: LoadedProject, pool: string): PoolSize {
  const size = sizeOfPool(project, pool);
  if (size) return size;
  const known = Object.keys(project.config.pools ?? {});
  throw new TerminalError('POOL_UNKNOWN', `The config has no pool "${pool}". ${suggestName(pool, known)}`, { pool });
}

async function signal(
  { pool, poolId, taskQueue }: Pick<AcquireInput, 'pool' | 'poolId' | 'taskQueue'>,
  size: PoolSize,
  name: 'acquire' | 'release',
  argument: unknown,
): Promise<void> {
  await Context.current().client.workflow.signalWithStart(POOL_WORKFLOW, {
    workflowId: poolId,
    taskQueue,
    args: [{ pool, ...size }],
    signal: name,
    signalArgs: [argument],
  });
}
