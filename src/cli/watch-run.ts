import { plainTable } from '../dev/text-format.js';
import { openTerminal, type Terminal } from '../dev/terminal.js';
import type { TemporalClient } from '../temporal/connect.js';
import { followRun, type RunSnapshot } from '../temporal/follow-run.js';
import { formatRunAddress, type RunAddress } from '../temporal/run-id.js';
import { EXIT } from './exit-codes.js';
import { noWorker, tellOutcome } from './outcome.js';
import type { Output } from './output.js';
import { STEP_HEAD, stepCells, stepLines, type StepLine } from './step-lines.js';

/** A worker that has just been started needs a moment until the server knows it. */
const WORKER_GRACE_MS = 1_000;

/**
 * Shows a run until its end: a table that is redrawn on a terminal, a line at each change elsewhere, an object a line with
 * `--json`. Ctrl-C ends the watching and leaves the run alone. Gives the exit code.
 */
export async function watch(output: Output, temporal: TemporalClient, run: Required<RunAddress>): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    const display = output.json ? jsonDisplay(output) : textDisplay(openTerminal(process.stdout));
    const warnOnce = workerWatch(output);
    for await (const snapshot of followRun(temporal, run, { signal: stop.signal })) {
      warnOnce(snapshot);
      display.show(snapshot);
      if (snapshot.outcome) {
        display.end(snapshot);
        return tellOutcome(output, run, snapshot.outcome);
      }
    }
    display.detach();
    output.data({ event: 'detached', ...run });
    output.text(
      `Detached; the run goes on. To cancel it: millrace cancel ${formatRunAddress(run)}\nTo look at it: millrace show ${formatRunAddress(run)}`,
    );
    return EXIT.interrupted;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

interface Display {
  show(snapshot: RunSnapshot): void;
  end(snapshot: RunSnapshot): void;
  detach(): void;
}

function textDisplay(terminal: Terminal): Display {
  if (!terminal.interactive) return changesDisplay((line) => terminal.line(describeChange(line)));
  const table = (snapshot: RunSnapshot): string[] => {
    const lines = stepLines(snapshot);
    return lines.length === 0 ? [] : plainTable(STEP_HEAD, lines.map(stepCells), 2).split('\n');
  };
  return {
    show: (snapshot) => terminal.live(table(snapshot)),
    end: (snapshot) => {
      terminal.live([]);
      const lines = table(snapshot);
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
  const show = (snapshot: RunSnapshot): void => {
    for (const line of stepLines(snapshot)) {
      if (known.get(line.step) === line.status) continue;
      known.set(line.step, line.status);
      tell(line);
    }
  };
  return { show, end: () => undefined, detach: () => undefined };
}

function describeChange(line: StepLine): string {
  const [step = '', status = '', rows = '', rejected = '', time = '', note = ''] = stepCells(line);
  const ended = status !== 'running' && status !== 'waiting';
  const facts = [rows && `${rows} rows`, rejected && rejected !== '0' && `${rejected} rejected`, ended && time, note];
  return `${step} ${status}${facts
    .filter(Boolean)
    .map((fact) => `, ${fact}`)
    .join('')}`;
}

/** Says once that nobody does the run's work, and once that somebody does now. */
function workerWatch(output: Output): (snapshot: RunSnapshot) => void {
  const since = Date.now();
  let missing = false;
  return ({ run, worker }) => {
    if (worker && missing) output.warn(`A worker polls task queue "${run.taskQueue}" now.`);
    if (!worker && !missing && run.state === 'running' && Date.now() - since < WORKER_GRACE_MS) return;
    if (!worker && !missing && run.state === 'running') output.warn(noWorker(run.taskQueue));
    missing = !worker;
  };
}
