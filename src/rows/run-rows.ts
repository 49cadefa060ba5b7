import type { Contract } from '../config/contract.js';
import type { RowsTransform } from '../config/rows.js';
import type { Column } from '../core/dataset.js';
import type { Manifest, Part } from '../core/manifest.js';
import { datasetSelect } from '../engine/dataset-sql.js';
import { translateEngineError } from '../engine/errors.js';
import { abortError, type EngineSession } from '../engine/session.js';
import { contractsOf } from './contracts-of.js';
import { inputColumns } from './input-columns.js';
import { readBatches, type InputReader } from './input-reader.js';
import { outputColumns } from './output-columns.js';
import { createPartWriter } from './part-writer.js';
import type { FromThread, ProjectPlace } from './protocol.js';
import { startThread } from './thread.js';

export interface RowsRequest {
  /** The transform's name, by which the thread finds the function in the config. */
  readonly name: string;
  readonly definition: RowsTransform;
  readonly project: ProjectPlace;
  readonly inputs: Readonly<Record<string, Manifest>>;
  /** What the transform's own schema makes of the run's parameters. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly stagingRoot: string;
  /** This attempt's folder; the parts are written there. */
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Rows read or written so far, whichever are more. */
  readonly progress: (rows: number) => void;
}

export interface RowsMade {
  readonly parts: readonly Part[];
  readonly columns: readonly Column[];
  readonly rows: number;
}

/** @default of `memoryMb` */
const MEMORY_MB = 512;
/** How long a function that was told to stop may take, before its thread ends. */
const GRACE_MS = 1000;

/**
 * Runs a function of the project over its inputs, in a thread of its own, and writes what it yields. Only a few batches
 * are in memory at a time. Ends within a second or two after `signal` aborts, whatever the function does.
 *
 * @throws TerminalError TRANSFORM_FAILED, TRANSFORM_DIED, TRANSFORM_VALUE, TRANSFORM_INPUT_SIZE, TRANSFORM_OUTPUT,
 * CONFIG_INVALID when the function does not load
 */
export async function runRows(session: EngineSession, request: RowsRequest): Promise<RowsMade> {
  const { name, definition, signal } = request;
  const outputs = outputColumns(definition.output, name);
  const found = Object.entries(request.inputs).map(([input, { columns }]) => [input, columns] as const);
  const inputs = Object.fromEntries(found);
  const work = { kind: 'run', transform: name, inputs, params: request.params, contracts: contractsOf(definition) } as const;
  const feed = createFeed(session, request);
  try {
    if (signal.aborted) throw abortError(signal);
    const { connection } = await session.connectBeside();
    const writer = await createPartWriter(connection, outputs, request.directory, name);
    await converse(request, work, {
      next: (cursor, input) => feed.next(cursor, input),
      leave: (cursor) => feed.leave(cursor),
      write: (batch) => writer.append(batch),
    });
    if (signal.aborted) throw abortError(signal);
    const parts = await writer.finish();
    return { parts, columns: outputs.map(({ column }) => column), rows: parts.reduce((sum, part) => sum + (part.rows ?? 0), 0) };
  } catch (error) {
    if (signal.aborted) throw abortError(signal, error);
    // DuckDB throws plain errors; these are mistakes of Millrace's own.
    throw error instanceof TypeError || error instanceof RangeError ? error : translateEngineError(error);
  } finally {
    await feed.close();
  }
}

type Work = Parameters<typeof startThread>[1]['work'];
type Batch = Awaited<ReturnType<InputReader['next']>>;

interface Listener {
  next(cursor: number, input: string): Promise<Batch>;
  leave(cursor: number): Promise<void>;
  write(batch: NonNullable<Batch>): Promise<void>;
}

/** Answers the thread until it is done. */
async function converse(request: RowsRequest, work: Work, listener: Listener): Promise<void> {
  const { name, definition, project, signal } = request;
  let read = 0;
  let written = 0;
  // Batches are written one after the other; reading goes on beside.
  let writing: Promise<void> = Promise.resolve();
  let settle: { done: () => void; fail: (error: unknown) => void };
  const done = new Promise<void>((resolve, reject) => (settle = { done: resolve, fail: reject }));
  const told = (rows: { read?: number; written?: number }): void =>
    request.progress(Math.max((read += rows.read ?? 0), (written += rows.written ?? 0)));
  const answer = async (message: Exclude<FromThread, { kind: 'failed' }>): Promise<void> => {
    if (message.kind === 'next') {
      const batch = await listener.next(message.cursor, message.input);
      told({ read: batch?.rows });
      thread.send({ kind: 'batch', cursor: message.cursor, batch });
    } else if (message.kind === 'leave') await listener.leave(message.cursor);
    else if (message.kind === 'rows') {
      await (writing = writing.then(() => listener.write(message.batch)));
      told({ written: message.batch.rows });
      thread.send({ kind: 'taken' });
    } else settle.done();
  };
  const thread = startThread(name, { project, work }, definition.memoryMb ?? MEMORY_MB, (message) => {
    answer(message).catch((error: unknown) => settle.fail(error));
  });
  const aborted = whenAborted(signal, () => thread.send({ kind: 'abort' }));
  try {
    await Promise.race([done, thread.failed, aborted.promise]);
  } finally {
    aborted.forget();
    await thread.stop();
    // DuckDB must be at rest when its session closes.
    await writing.catch(() => undefined);
  }
}

/** Rejects, with the reason, a while after the abort has been told. */
function whenAborted(signal: AbortSignal, tell: () => void) {
  let timer: NodeJS.Timeout | undefined;
  let fail: (error: unknown) => void;
  const promise = new Promise<never>((_resolve, reject) => (fail = reject));
  promise.catch(() => undefined);
  const abort = (): void => {
    tell();
    timer = setTimeout(() => fail(abortError(signal)), GRACE_MS);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  const forget = (): void => {
    signal.removeEventListener('abort', abort);
    clearTimeout(timer);
  };
  return { promise, forget };
}

/** The inputs on the side of DuckDB: a stream for each loop that the function runs. */
function createFeed(session: EngineSession, request: RowsRequest) {
  const readers = new Map<number, Promise<InputReader>>();
  const open = async (input: string): Promise<InputReader> => {
    const manifest = request.inputs[input] as Manifest;
    const columns = inputColumns(request.definition.inputs[input] as Contract, manifest.columns);
    const select = columns.map(({ sql }) => sql).join(', ');
    return readBatches(await session.connectBeside(), `SELECT ${select} FROM (${datasetSelect(manifest, request.stagingRoot)})`);
  };
  const leave = async (cursor: number): Promise<void> => {
    const reader = await readers.get(cursor)?.catch(() => undefined);
    readers.delete(cursor);
    await reader?.close();
  };
  return {
    async next(cursor: number, input: string): Promise<Batch> {
      const opened = readers.get(cursor) ?? open(input);
      readers.set(cursor, opened);
      const batch = await (await opened).next();
      if (batch === undefined) await leave(cursor);
      return batch;
    },
    leave,
    close: async (): Promise<void> => void (await Promise.all([...readers.keys()].map(leave))),
  };
}
