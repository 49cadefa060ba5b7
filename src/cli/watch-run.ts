import type { Operations } from '../api/index.js';
import { plainTable } from '../dev/text-format.js';
import { openTerminal, type Terminal } from '../dev/terminal.js';
import { formatRunAddress, type RunAddress } from '../temporal/run-id.js';
import { EXIT } from './exit-codes.js';
import { followRun } from './follow-run.js';
import { isOpen, noStepWorker, noWorker, tellOutcome, type Run } from './outcome.js';
import type { Output } from './output.js';
import { STEP_HEAD, stepCells, stepLines, type StepLine } from './step-lines.js';

/** A worker that has just been started needs a moment until the server knows it. */
const WORKER_GRACE_MS = 1_000;

/**
 * Shows a run until its end: a table that is redrawn on a terminal, a line at each change elsewhere, an object a line with
 * `--json`. Ctrl-C ends the watching and leaves the run alone. Gives the exit code.
 */
export async function watch(output: Output, operations: Operations, run: Required<RunAddress>): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    const display = output.json ? jsonDisplay(output) : textDisplay(openTerminal(process.stdout));
    const warnOnce = workerWatch(output);
    for await (const found of followRun(operations, run, stop.signal)) {
      warnOnce(found);
      display.show(found);
      if (isOpen(found)) continue;
      display.end(found);
      return tellOutcome(output, found);
    }
    display.detach();
    const { workflowId, runId } = run;
    output.data({ event: 'detached', workflowId, runId });
    output.text(
      `Detached; the run goes on. To cancel it: millrace cancel ${formatRunAddress(run)}\nTo look at it: millrace show ${formatRunAddress(run)}`,
    );
    return EXIT.interrupted;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

interface Display {
  show(run: Run): void;
  end(run: Run): void;
  detach(): void;
}

function textDisplay(terminal: Terminal): Display {
  if (!terminal.interactive) return changesDisplay((line) => terminal.line(describeChange(line)));
  const table = (run: Run): string[] => {
    const lines = stepLines(run);
    return lines.length === 0 ? [] : plainTable(STEP_HEAD, lines.map(stepCells), 2).split('\n');
  };
  return {
    show: (run) => terminal.live(table(run)),
    end: (run) => {
      terminal.live([]);
      const lines = table(run);
      if (lines.length > 0) terminal.line(lines.join('\n'));
    },
    detach: () => terminal.live([]),
  };
}

function jsonDisplay(output: Output): Display {
  return changesDisplay((line) => output.data({ event: 'step', ...line }));
}

/** Tells a step whenever its state is another one. */
function changesDisplay(tell: (line: StepLine) => void): Display {
  const known = new Map<string, string>();
  const show = (run: Run): void => {
    for (const line of stepLines(run)) {
      if (known.get(line.step) === line.status) continue;
      known.set(line.step, line.status);
      tell(line);
    }
  };
  return { show, end: () => undefined, detach: () => undefined };
}

function describeChange(line: StepLine): string {
  const [step = '', status = '', rows = '', rejected = '', time = '', note = ''] = stepCells(line);
  const ended = !['running', 'queued', 'waiting', 'held'].includes(status);
  const facts = [rows && `${rows} rows`, rejected && rejected !== '0' && `${rejected} rejected`, ended && time, note];
  return `${step} ${status}${facts
    .filter(Boolean)
    .map((fact) => `, ${fact}`)
    .join('')}`;
}

/** Says once that nobody does the run's work, and once that somebody does now. */
function workerWatch(output: Output): (run: Run) => void {
  const since = Date.now();
  let missing = false;
  const told = new Set<string>();
  return ({ status, taskQueue, worker, unpolled }) => {
    for (const queue of unpolled) {
      if (queue.taskQueue === taskQueue || told.has(queue.taskQueue)) continue;
      told.add(queue.taskQueue);
      output.warn(noStepWorker(queue));
    }
    // Of a run that has ended, nobody asks.
    if (worker === null) return;
    if (worker && missing) output.warn(`A worker polls task queue "${taskQueue ?? ''}" now.`);
    if (!worker && !missing && status === 'running') {
      if (Date.now() - since < WORKER_GRACE_MS) return;
      output.warn(noWorker(taskQueue));
    }
    missing = !worker;
  };
}
