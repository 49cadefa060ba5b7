import type { Operations, ResultOf } from '../../api/index.js';
import { plainTable } from '../../dev/text-format.js';
import { serverHistories, type ServerHistory } from '../../replay/server-histories.js';
import { agree } from '../agree.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

export interface DeployOptions {
  readonly deployment?: string;
  readonly yes?: true;
  readonly dryRun?: true;
  /** Goes on where the replay finds runs that would break. */
  readonly force?: true;
}

type Deployment = ResultOf<'getDeployment'>;
type Change = ResultOf<'promoteVersion'>;
type Routing = Change['before'];

/** The most open workflows that a promotion replays. */
const MOST_REPLAYED = 1_000;

/** @throws TerminalError DEPLOYMENT_UNKNOWN, DEPLOYMENT_AMBIGUOUS */
export async function status(context: CommandContext, { deployment }: DeployOptions): Promise<number> {
  const { output } = context;
  const found = await withOperations(context, ({ getDeployment }) => getDeployment({ deployment }));
  output.data(found);
  output.text(`${found.deployment}  task queue "${found.taskQueue}"  new runs: ${routingText(found)}`);
  output.text(plainTable(['version', 'status', 'workers', 'open runs', 'changed (UTC)'], rowsOf(found), 5));
  for (const warning of found.warnings) output.warn(`warning: ${warning}`);
  return EXIT.ok;
}

function rowsOf({ versions, ramping, unversioned: rest }: Deployment): string[][] {
  const rows = versions.map(({ version, status: state, workers, openRuns, changedAt }) => [
    version,
    state === 'ramping' ? `ramping ${ramping?.percent ?? 0} %` : state,
    String(workers),
    openRuns === null ? '?' : String(openRuns),
    shortTime(changedAt),
  ]);
  const { workers, openRuns } = rest;
  if (workers === 0 && openRuns === 0) return rows;
  return [...rows, ['(no version)', '', String(workers), openRuns === null ? '?' : String(openRuns), '']];
}

/** @throws TerminalError VERSION_UNKNOWN, VERSION_IN_PLACE, REPLAY_FAILED; TransientError VERSION_WITHOUT_WORKER */
export async function promote(context: CommandContext, version: string, options: DeployOptions): Promise<number> {
  return change(context, options, {
    version,
    ask: ({ promoteVersion }, dryRun) => promoteVersion({ version, deployment: options.deployment, dryRun }),
  });
}

/** @throws as {@link promote} */
export async function ramp(
  context: CommandContext,
  version: string,
  options: DeployOptions & { readonly percent: number },
): Promise<number> {
  const { percent, deployment } = options;
  return change(context, options, {
    ...(percent > 0 && { version }),
    ask: ({ rampVersion }, dryRun) => rampVersion({ version, percent, deployment, dryRun }),
  });
}

/** @throws TerminalError ROLLBACK_UNKNOWN; TransientError VERSION_WITHOUT_WORKER */
export async function rollback(context: CommandContext, options: DeployOptions): Promise<number> {
  const { deployment } = options;
  return change(context, options, {
    ask: ({ rollbackDeployment }, dryRun) => rollbackDeployment({ deployment, dryRun }),
  });
}

/** @throws TransientError VERSION_WITHOUT_WORKER */
export async function unversioned(context: CommandContext, options: DeployOptions): Promise<number> {
  const { deployment } = options;
  return change(context, options, {
    ask: ({ unversionDeployment }, dryRun) => unversionDeployment({ deployment, dryRun }),
  });
}

interface Wanted {
  /** The version that more work would go to: what it would get is replayed before. */
  readonly version?: string;
  readonly ask: (operations: Operations, dryRun: boolean) => Promise<Change>;
}

/** Shows what would change, sees that it may, and does it. */
async function change(context: CommandContext, options: DeployOptions, { version, ask }: Wanted): Promise<number> {
  const { output } = context;
  return withOperations(context, async (operations) => {
    const planned = await ask(operations, true);
    output.text(`${planned.deployment}\n- new runs: ${routingText(planned.before)}\n+ new runs: ${routingText(planned.after)}`);
    if (version !== undefined) await replayMoved(context, version, options.force === true);
    if (options.dryRun) {
      output.data(planned);
      output.text('Nothing was done.');
      return EXIT.ok;
    }
    await agree(`This changes where new runs of "${planned.deployment}" begin`, options.yes === true);
    const done = await ask(operations, false);
    output.data(done);
    output.text(`New runs go to ${routingText(done.after)}. Runs that have begun stay with their versions.`);
    return EXIT.ok;
  });
}

/** What is not pinned goes on with the version: Millrace's own long-lived workflows, and runs that began without one. */
async function replayMoved(context: CommandContext, version: string, force: boolean): Promise<void> {
  const { replayBefore } = await import('../local-version.js');
  await replayBefore(context, {
    version,
    force,
    async find(temporal, { taskQueue }) {
      const found: ServerHistory[] = [];
      const selection = { taskQueue, limit: MOST_REPLAYED, unpinned: true };
      for await (const history of serverHistories(temporal, selection)) found.push(history);
      return found;
    },
  });
}

function routingText({ current, ramping }: Routing): string {
  const most = current ?? 'workers without a version';
  return ramping ? `${100 - ramping.percent} % ${most}, ${ramping.percent} % ${ramping.version}` : most;
}
