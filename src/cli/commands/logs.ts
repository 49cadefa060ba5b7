import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, MillraceError } from '../../core/errors.js';
import { openTerminal, type Terminal } from '../../dev/terminal.js';
import type { JournalLine } from '../../operations/journal.js';
import { connectTemporal } from '../../temporal/connect.js';
import { parseRunAddress } from '../../temporal/run-id.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { logOfCatalog, logOfService, type LogLook } from '../log-source.js';
import { noWorker } from '../outcome.js';
import { configuredService } from '../configured-service.js';
import { withCatalog, withOperations } from '../services.js';

const INTERVAL_MS = 500;
/** After a run's end its last lines may still be on their way into the catalog. */
const LAST_LINES_MS = 700;

/**
 * Prints what a run did and logged, and with `follow` goes on until it has ended. Ctrl-C ends the following and leaves the
 * run alone.
 *
 * @throws TerminalError RUN_UNKNOWN when neither Temporal nor the catalog knows it
 */
export async function logs(context: CommandContext, address: string, { follow }: { readonly follow?: boolean }): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  const { output } = context;
  const terminal = openTerminal(process.stdout);
  const tell = (line: JournalLine): void => {
    output.data(line);
    if (!output.json) terminal.line(lineText(line, terminal));
  };
  try {
    return await withLog(context, address, async (look) => {
      if (follow) return followLog(look, tell, stop.signal, output.warn);
      for (const line of (await look()).lines) tell(line);
      return EXIT.ok;
    });
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** Gives what reads the run: a service where one is configured, or else Temporal and the catalog. */
async function withLog(
  context: CommandContext,
  address: string,
  work: (look: () => Promise<LogLook>) => Promise<number>,
): Promise<number> {
  const { output, directory } = context;
  if (configuredService(context)) return withOperations(context, (operations) => work(logOfService(operations, address)));
  const temporal = await connectTemporal().catch((error: unknown) => {
    if (!(error instanceof MillraceError)) throw error;
    output.warn(`${messageOf(error)} The log is shown as the catalog has it.`);
    return undefined;
  });
  try {
    return await withCatalog(directory, (catalog, project) =>
      work(logOfCatalog({ catalog, project }, temporal, parseRunAddress(address))),
    );
  } finally {
    await temporal?.close();
  }
}

async function followLog(
  look: () => Promise<LogLook>,
  tell: (line: JournalLine) => void,
  signal: AbortSignal,
  warn: (text: string) => void,
): Promise<number> {
  const told = new Set<string>();
  let warned = false;
  const tellNew = ({ lines }: LogLook): void => {
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
    if (now.unpolled !== undefined && !warned) {
      warned = true;
      warn(noWorker(now.unpolled));
    }
    await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
  return EXIT.interrupted;
}

function lineText({ at, level, step, message, facts }: JournalLine, { paint }: Terminal): string {
  const colour = { info: (text: string) => text, warn: paint.yellow, error: paint.red }[level];
  const more = facts === null ? '' : ` ${paint.dim(JSON.stringify(facts))}`;
  const who = step === null ? '' : `${paint.cyan(step)}  `;
  return `${paint.dim(at.slice(0, 23).replace('T', ' '))}  ${colour(level.padEnd(5))}  ${who}${message}${more}`;
}
