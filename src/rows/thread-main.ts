import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { Contract } from '../config/contract.js';
import { importModule } from '../config/load.js';
import type { RowsFunction, RowsTransform } from '../config/rows.js';
import { messageOf } from '../core/errors.js';
import { contractsOf } from './contracts-of.js';
import { createEncoder, UnfitRow, type RowEncoder } from './encode-rows.js';
import { inputColumns } from './input-columns.js';
import { isStrict, outputColumns } from './output-columns.js';
import { placeOf } from './place.js';
import type { FromThread, ThreadProblem, ThreadTask, ToThread } from './protocol.js';
import { createInputs, InputTooLarge } from './thread-inputs.js';

const task = workerData as ThreadTask;
const port = parentPort as MessagePort;
/** Batches of rows that may be on their way before one has been written. */
const UNWRITTEN_BATCHES = 2;

process.setSourceMapsEnabled(true);
await (task.work.kind === 'check' ? check(task.work.transforms) : run(task.work));

function send(message: FromThread): void {
  port.postMessage(message);
}

async function check(transforms: readonly string[]): Promise<void> {
  const problems: ThreadProblem[] = [];
  for (const transform of transforms) {
    await loadFunction(transform).catch((error: unknown) => problems.push(problem(transform, 'load', error)));
  }
  send({ kind: 'checked', problems });
}

type RunWork = Extract<ThreadTask['work'], { kind: 'run' }>;

async function run(work: RunWork): Promise<void> {
  const { transform } = work;
  let what: ThreadProblem['what'] = 'load';
  try {
    const { call, definition } = await loadFunction(transform);
    refuseChanged(definition, work);
    what = 'threw';
    await runFunction(call, definition, work);
    send({ kind: 'done' });
  } catch (error) {
    const kind = error instanceof UnfitRow ? 'value' : error instanceof InputTooLarge ? 'input' : what;
    send({ kind: 'failed', problem: problem(transform, kind, error) });
  }
}

async function runFunction(call: RowsFunction, definition: RowsTransform, work: RunWork): Promise<void> {
  const controller = new AbortController();
  const columns = Object.entries(work.inputs).map(
    ([name, found]) => [name, inputColumns(definition.inputs[name] as Contract, found)] as const,
  );
  const feed = createInputs(Object.fromEntries(columns), send);
  const gate = createGate();
  port.on('message', (message: ToThread) => {
    if (message.kind === 'batch') feed.receive(message.cursor, message.batch);
    else if (message.kind === 'taken') gate.open();
    else controller.abort();
  });
  const encoder = createEncoder(outputColumns(definition.output, work.transform), isStrict(definition.output));
  const made = call(feed.inputs, { params: work.params as never, signal: controller.signal });
  await drain(await made, encoder, gate);
}

interface LoadedFunction {
  readonly call: RowsFunction;
  readonly definition: RowsTransform;
}

async function loadFunction(transform: string): Promise<LoadedFunction> {
  const config = (await importModule(task.project.configPath, 'default')) as {
    transforms: Record<string, RowsTransform | undefined>;
  };
  const definition = config.transforms[transform];
  const loaded = (await definition?.load()) as RowsFunction | { default?: unknown } | undefined;
  const call = typeof loaded === 'function' ? loaded : loaded?.default;
  if (definition !== undefined && typeof call === 'function') return { call: call as RowsFunction, definition };
  throw new TypeError('what it loads is no function and no module with one as its default export');
}

function refuseChanged(definition: RowsTransform, { contracts }: RunWork): void {
  if (contractsOf(definition) !== contracts) {
    throw new TypeError('its contracts are other ones than when the worker started. Start the worker anew');
  }
}

type Made = AsyncIterable<unknown> | Iterable<unknown>;

/** Sends everything a function makes, in order, and no faster than it is written. */
async function drain(made: Made, encoder: RowEncoder, gate: Gate): Promise<void> {
  const addMany = async (rows: readonly unknown[]): Promise<void> => {
    for (const row of rows) {
      encoder.add(row);
      if (encoder.isFull) await flush(encoder, gate);
    }
  };
  const add = (item: unknown): Promise<void> | undefined => {
    if (Array.isArray(item)) return addMany(item);
    encoder.add(item);
    return encoder.isFull ? flush(encoder, gate) : undefined;
  };
  // A step that need not wait does not: single rows would cost a turn of the loop each.
  if (isAsync(made)) {
    for await (const item of made) {
      const adding = add(item);
      if (adding !== undefined) await adding;
    }
  } else if (isSync(made)) {
    for (const item of made) {
      const adding = add(item);
      if (adding !== undefined) await adding;
    }
  } else throw new TypeError('it returned neither rows nor a generator of rows');
  await flush(encoder, gate);
  await gate.passedAll();
}

async function flush(encoder: RowEncoder, gate: Gate): Promise<void> {
  const batch = encoder.take();
  if (batch === undefined) return;
  await gate.pass();
  send({ kind: 'rows', batch });
}

function isAsync(made: Made): made is AsyncIterable<unknown> {
  return typeof made === 'object' && made !== null && Symbol.asyncIterator in made;
}

function isSync(made: Made): made is Iterable<unknown> {
  return typeof made === 'object' && made !== null && Symbol.iterator in made;
}

type Gate = ReturnType<typeof createGate>;

/** Lets a batch out only while few are on their way. */
function createGate() {
  let unwritten = 0;
  let wake: (() => void) | undefined;
  const until = async (most: number): Promise<void> => {
    if (unwritten <= most) return;
    await new Promise<void>((resolve) => (wake = resolve));
    return until(most);
  };
  return {
    open(): void {
      unwritten--;
      wake?.();
    },
    async pass(): Promise<void> {
      await until(UNWRITTEN_BATCHES - 1);
      unwritten++;
    },
    passedAll: () => until(0),
  };
}

function problem(transform: string, what: ThreadProblem['what'], error: unknown): ThreadProblem {
  const stack = error instanceof Error ? error.stack : undefined;
  return { transform, what, message: messageOf(error), place: placeOf(stack, task.project.root) };
}
