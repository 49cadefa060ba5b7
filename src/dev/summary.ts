import type { RunFacts } from './run-facts.js';
import type { Paint } from './terminal.js';
import { count, duration, plainTable } from './text-format.js';

/** So many runs stand side by side in the table of times. */
const RUNS_ACROSS = 6;

/** The most reasons of rejection that are listed. */
const REASONS = 15;

/** What `millrace dev` prints when its runs have ended: numbers by run, reasons of rejection, time by step, errors. */
export function summaryText(runs: readonly RunFacts[], paint: Paint): string {
  const blocks = [numbers(runs, paint), rejections(runs, paint), ...times(runs, paint), failures(runs, paint)];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function numbers(runs: readonly RunFacts[], paint: Paint): string {
  const rows = runs.map((run) => [
    titleOf(run),
    run.status === 'completed' ? paint.green('completed') : paint.red(run.status),
    count(run.read),
    count(run.accepted),
    count(run.rejected),
    count(run.loaded),
    run.durationMs === null ? '' : duration(run.durationMs),
  ]);
  return `${paint.bold('Runs')}\n${plainTable(['run', 'end', 'rows read', 'accepted', 'rejected', 'loaded', 'time'], rows, 2)}`;
}

function rejections(runs: readonly RunFacts[], paint: Paint): string {
  const totals = new Map<string, { readonly cells: readonly string[]; rows: number }>();
  for (const { dataset, path, code, message, rows } of runs.flatMap((run) => run.rejections)) {
    const key = JSON.stringify([dataset, path, code, message]);
    const total = totals.get(key) ?? { cells: [dataset, path || '(row)', code, message], rows: 0 };
    totals.set(key, { ...total, rows: total.rows + rows });
  }
  if (totals.size === 0) return '';
  const sorted = [...totals.values()].toSorted((a, b) => b.rows - a.rows).map(({ cells, rows }) => [count(rows), ...cells]);
  const more = sorted.length > REASONS ? `\n  … and ${sorted.length - REASONS} more: millrace quarantine RUN` : '';
  const table = plainTable(['rows', 'dataset', 'column', 'code', 'reason'], sorted.slice(0, REASONS), 5);
  return `${paint.bold('Rejected, and why')}\n${table}${more}`;
}

function times(runs: readonly RunFacts[], paint: Paint): string[] {
  return [...new Set(runs.map((run) => run.pipeline))].flatMap((pipeline) => {
    const ofPipeline = runs.filter((run) => run.pipeline === pipeline && run.steps.length > 0);
    return slices(ofPipeline, RUNS_ACROSS).map((some) => `${paint.bold('Time by step')}\n${timeTable(some)}`);
  });
}

function timeTable(runs: readonly RunFacts[]): string {
  const steps = [...new Set(runs.flatMap((run) => run.steps.map((step) => step.step)))];
  const cell = (run: RunFacts, name: string): string => {
    const step = run.steps.find((each) => each.step === name);
    if (!step) return '';
    if (step.status !== 'done') return step.status;
    return `${duration(step.durationMs ?? 0)}${step.reused ? ' *' : ''}`;
  };
  const rows = steps.map((name) => [name.replace(':', ' '), ...runs.map((run) => cell(run, name))]);
  const note = runs.some((run) => run.steps.some((step) => step.reused)) ? '\n  * already there: found, and not done again' : '';
  return plainTable(['step', ...runs.map((run) => run.partition ?? run.workflowId)], rows, 1) + note;
}

function failures(runs: readonly RunFacts[], paint: Paint): string {
  return runs
    .flatMap((run) =>
      run.error === null ? [] : [`${paint.red('failed')} ${titleOf(run)}: ${run.error.message} [${run.error.code}]`],
    )
    .join('\n');
}

function titleOf(run: RunFacts): string {
  return run.partition === null ? run.workflowId : `${run.pipeline} ${run.partition}`;
}

function slices<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
