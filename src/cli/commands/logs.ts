import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '../../catalog/index.js';
import { messageOf, MillraceError, TerminalError } from '../../core/errors.js';
import { openTerminal, type Terminal } from '../../dev/terminal.js';
import { connectTemporal, type TemporalClient } from '../../temporal/connect.js';
import { describeRun, type RunDescription } from '../../temporal/describe-run.js';
import { listInterventions, type Intervention } from '../../temporal/interventions.js';
import { formatRunAddress, parseRunAddress, type RunAddress } from '../../temporal/run-id.js';
import { hasWorker } from '../../temporal/task-queue.js';
import { EXIT } from '../exit-codes.js';
import type { JournalLine } from '../../operations/journal.js';
import { readJournal } from '../../operations/read-journal.js';
import { noWorker } from '../outcome.js';
import type { CommandContext } from '../command-context.js';
import { withCatalog } from '../services.js';

const INTERVAL_MS = 500;
/** After a run's end its last lines may still be on their way into the catalog. */
const LAST_LINES_MS = 700;

/** What is known at one moment. */
interface Look {
  readonly lines: readonly JournalLine[];
  /** No more is to come. */
  readonly closed: boolean;
  readonly description: RunDescription | undefined;
}

/**
 * Prints what a run did and logged, and with `follow` goes on until it has ended. Ctrl-C ends the following and leaves the
 * run alone.
 *
 * @throws TerminalError RUN_UNKNOWN when neither Temporal nor the catalog knows it
 */
export async function logs(
  { output, directory }: CommandContext,
  address: string,
  { follow }: { readonly follow?: boolean },
): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  const temporal = await connectTemporal().catch((error: unknown) => {
    if (!(error instanceof MillraceError)) throw error;
    output.warn(`${messageOf(error)} The log is shown as the catalog has it.`);
    return undefined;
  });
  try {
    return await withCatalog(directory, async (catalog) => {
      const terminal = openTerminal(process.stdout);
      const tell = (line: JournalLine): void => {
        output.data(line);
        if (!output.json) terminal.line(lineText(line, terminal));
      };
      const look = lookAt(catalog, temporal, parseRunAddress(address));
      if (follow) return followLog(look, tell, stop.signal, workerWatch(temporal, output.warn));
      for (const line of (await look()).lines) tell(line);
      return EXIT.ok;
    });
  } finally {
    process.off('SIGINT', interrupt);
    await temporal?.close();
  }
}

async function followLog(
  look: () => Promise<Look>,
  tell: (line: JournalLine) => void,
  signal: AbortSignal,
  watchWorker: (look: Look) => Promise<void>,
): Promise<number> {
  const told = new Set<string>();
  const tellNew = ({ lines }: Look): void => {
    for (const line of lines.filter(({ id }) => !told.has(id))) {
      told.add(line.id);
      tell(line);
    }
  };
  while (!signal.aborted) {
    const now = await look();
    tellNew(now);
    if (now.closed) {
      await sleep(LAST_LINES_MS, undefined, { signal }).catch(() => undefined);
      tellNew(await look());
      return EXIT.ok;
    }
    await watchWorker(now);
    await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
  return EXIT.interrupted;
}

/** Makes the function that reads everything about one run. */
function lookAt(catalog: Catalog, temporal: TemporalClient | undefined, address: RunAddress): () => Promise<Look> {
  let wanted = address;
  let interventions: readonly Intervention[] = [];
  let historyLength = -1;
  return async () => {
    const description = temporal && (await describeIfKnown(temporal, wanted));
    // The latest run of an id stays the one that was asked for, whatever starts meanwhile.
    if (description) wanted = { workflowId: description.workflowId, runId: description.runId };
    if (temporal && description && description.historyLength !== historyLength) {
      ({ historyLength } = description);
      interventions = await listInterventions(temporal, description);
    }
    const run = await catalog.findRun(wanted.workflowId, wanted.runId);
    if (!run && !description) throw unknownRun(address);
    const closed = description ? !['running', 'paused'].includes(description.state) : run?.status !== 'running';
    const lines = run ? await readJournal(catalog, run, interventions) : [];
    return { lines, closed, description };
  };
}

async function describeIfKnown(temporal: TemporalClient, address: RunAddress): Promise<RunDescription | undefined> {
  try {
    return await describeRun(temporal, address);
  } catch (error) {
    if (error instanceof MillraceError && (error.code === 'RUN_UNKNOWN' || error.retryable)) return undefined;
    throw error;
  }
}

/** Says once that nobody does the run's work. */
function workerWatch(temporal: TemporalClient | undefined, warn: (text: string) => void): (look: Look) => Promise<void> {
  let said = false;
  return async ({ description }) => {
    if (said || !temporal || description?.state !== 'running') return;
    if (await hasWorker(temporal, description.taskQueue)) return;
    said = true;
    warn(noWorker(description.taskQueue));
  };
}

function lineText({ at, level, step, message, facts }: JournalLine, { paint }: Terminal): string {
  const colour = { info: (text: string) => text, warn: paint.yellow, error: paint.red }[level];
  const more = facts === null ? '' : ` ${paint.dim(JSON.stringify(facts))}`;
  const who = step === null ? '' : `${paint.cyan(step)}  `;
  return `${paint.dim(at.slice(0, 23).replace('T', ' '))}  ${colour(level.padEnd(5))}  ${who}${message}${more}`;
}

function unknownRun(address: RunAddress): TerminalError {
  const message = `Neither Temporal nor the catalog knows a run ${formatRunAddress(address)}. List runs with \`millrace runs\`.`;
  return new TerminalError('RUN_UNKNOWN', message);
}
