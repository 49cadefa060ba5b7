import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Operations, ResultOf } from '../../api/index.js';
import { messageOf, MillraceError, TerminalError } from '../../core/errors.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { eventLine, makeEventNames } from '../history-text.js';
import type { Output } from '../output.js';
import { withOperations } from '../services.js';

export interface HistoryOptions {
  readonly save?: string;
}

type HistoryEvent = ResultOf<'listRunHistory'>['items'][number];

const PAGE = 200;

/**
 * Shows the events of a run's history, or saves them to a file: from Temporal, or from the archive once it has forgotten the run.
 *
 * @throws TerminalError RUN_UNKNOWN, HISTORY_FORGOTTEN, ARCHIVE_DAMAGED
 */
export async function history(context: CommandContext, run: string, { save }: HistoryOptions): Promise<number> {
  const { output } = context;
  const work = async (operations: Operations): Promise<number> => {
    const events = allEvents(operations, run);
    return save === undefined ? show(output, events) : saveTo(output, save, events);
  };
  return withOperations(context, work, { withoutTemporal: true });
}

async function* allEvents({ listRunHistory }: Operations, run: string): AsyncGenerator<HistoryEvent> {
  let cursor: string | undefined;
  do {
    const { items, next } = await listRunHistory({ run, limit: PAGE, cursor });
    yield* items;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}

async function show(output: Output, events: AsyncIterable<HistoryEvent>): Promise<number> {
  const names = makeEventNames();
  for await (const event of events) {
    output.data(event);
    if (!output.json) output.text(eventLine(event, names));
  }
  return EXIT.ok;
}

async function saveTo(output: Output, file: string, events: AsyncIterable<HistoryEvent>): Promise<number> {
  let count = 0;
  async function* text(): AsyncGenerator<string> {
    yield '{"events":[\n';
    for await (const { event } of events) {
      yield `${count === 0 ? '' : ',\n'}${JSON.stringify(event)}`;
      count += 1;
    }
    yield '\n]}\n';
  }
  const source = Readable.from(text());
  try {
    const target = createWriteStream(file);
    await (file.endsWith('.gz') ? pipeline(source, createGzip(), target) : pipeline(source, target));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw unwritable(file, error);
    await rm(file, { force: true });
    throw error instanceof MillraceError ? error : unwritable(file, error);
  }
  output.data({ file, events: count });
  output.text(`Saved ${count} events to ${file}. Replay them with today's code: millrace/testing has replayHistories().`);
  return EXIT.ok;
}

function unwritable(file: string, error: unknown): TerminalError {
  return new TerminalError('COMMAND_INVALID', `--save ${file}: the file cannot be written: ${messageOf(error)}. Name another.`);
}
