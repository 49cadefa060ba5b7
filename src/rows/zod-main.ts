import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { Contract } from '../config/contract.js';
import { importModule } from '../config/load.js';
import { compile, leavingRefused, type Compiled } from '../contracts/compile.js';
import { contractHash } from '../contracts/hash.js';
import { RowFailure } from '../contracts/row-failure.js';
import type { ZodScope } from '../contracts/zod-rows.js';
import { createRowsJudge, lineOf, type RowsJudge } from '../contracts/zod-verdicts.js';
import { messageOf } from '../core/errors.js';
import { placeOf } from './place.js';
import { CELLS, type FromZodThread, type ToZodThread, type ZodTask } from './zod-protocol.js';

const task = workerData as ZodTask;
const port = parentPort as MessagePort;

process.setSourceMapsEnabled(true);
await start();

async function start(): Promise<void> {
  try {
    const work = answerer(await load());
    // One after the other, also where functions are asynchronous.
    let last: Promise<void> = Promise.resolve();
    port.on('message', (message: ToZodThread) => void (last = last.then(() => work(message))));
    send({ kind: 'ready' });
  } catch (error) {
    send({ kind: 'unloaded', message: messageOf(error), place: placeOf(stackOf(error), task.project.root) });
  }
}

async function load(): Promise<Compiled> {
  const config = (await importModule(task.project.configPath, 'default')) as { contracts: Record<string, Contract | undefined> };
  const contract = config.contracts[task.contract];
  if (contract === undefined || contractHash(contract).hash !== task.hash)
    throw new TypeError('it is another one than when the worker started. Start the worker anew');
  return leavingRefused(compile(contract, task.inputs, task.isText), task.refused);
}

function answerer(compiled: Compiled): (message: ToZodThread) => Promise<void> {
  const judges: Partial<Record<ZodScope, RowsJudge>> = {};
  const { progress } = task;
  return async ({ kind, batch }) => {
    const judge = (judges[batch.scope] ??= createRowsJudge(compiled, batch.scope));
    let at = 0;
    try {
      if (kind === 'probe') {
        await judge.probe(batch, (column) => {
          progress[CELLS.column] = column;
          Atomics.add(progress, CELLS.steps, 1);
        });
        return send({ kind: 'probed' });
      }
      const verdict = await judge.judge(batch, (row) => {
        progress[CELLS.row] = at = row;
        Atomics.add(progress, CELLS.steps, 1);
        return undefined;
      });
      send({ kind: 'judged', verdict });
    } catch (error) {
      const cause = error instanceof RowFailure ? error.cause : error;
      const place = placeOf(stackOf(cause), task.project.root);
      const failure =
        error instanceof RowFailure
          ? error.failure
          : ({ what: 'threw', message: messageOf(error), line: lineOf(batch, at) } as const);
      send({ kind: 'failed', failure: { ...failure, place } });
    }
  };
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

function send(message: FromZodThread): void {
  port.postMessage(message);
}
