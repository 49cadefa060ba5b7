import { waiting, type RunProgress } from './follow-run.js';
import type { PlannedRun } from './planned-runs.js';
import { runFacts, type RunFacts } from './run-facts.js';
import { stepWords } from './step-words.js';
import { summaryText } from './summary.js';
import { openTerminal, type Terminal } from './terminal.js';
import { count, duration } from './text-format.js';

/** Something that was started, and where it is. */
export interface StartedPart {
  readonly name: string;
  readonly address: string;
}

/** Where `millrace dev` tells what it does: to people, or to programs with one JSON object a line. */
export interface DevOutput {
  notice(line: string): void;
  ready(parts: readonly StartedPart[], plan: readonly PlannedRun[]): void;
  progress(progress: RunProgress): void;
  summary(runs: readonly RunFacts[]): void;
  /** What to do now that everything is up: where it is, said again since the runs have scrolled it away, and commands to try there. */
  hints(parts: readonly StartedPart[], commands: readonly string[], folder: string): void;
}

/** Output for programs: notices go to stderr, and stdout has nothing but objects with an `event`. */
export function jsonOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): DevOutput {
  const emit = (event: string, facts: object): void => void stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
  const seen = new Map<string, string>();
  return {
    notice: (line) => void stderr.write(`${line}\n`),
    ready: (parts, plan) => emit('ready', { parts, runs: plan.map((run) => run.workflowId) }),
    progress: ({ run, runId, status }) => {
      if (seen.get(run.workflowId) === status) return;
      seen.set(run.workflowId, status);
      emit('run', { workflowId: run.workflowId, runId, status });
    },
    summary: (runs) => emit('summary', { runs }),
    hints: () => undefined,
  };
}

/** Output for people: live lines on a terminal, a line a finished step elsewhere. */
export function textOutput(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): DevOutput {
  const terminal = openTerminal(stream, env);
  const { paint } = terminal;
  const runs = new Map<string, RunProgress>();
  const told = new Set<string>();
  return {
    notice: (line) => terminal.line(paint.dim(line)),
    ready(parts, plan) {
      terminal.line(`\n${paint.bold('Started')}\n${addresses(parts, terminal)}\n`);
      for (const run of plan) runs.set(run.workflowId, waiting(run));
    },
    progress(progress) {
      runs.set(progress.run.workflowId, progress);
      if (terminal.interactive) terminal.live([...runs.values()].map((each) => runLine(each, terminal)));
      else for (const line of news(progress, told)) terminal.line(line);
    },
    summary(facts) {
      terminal.live([]);
      terminal.line(`\n${summaryText(facts, paint)}\n`);
    },
    hints(parts, commands, folder) {
      terminal.line(`${paint.bold('Running')}\n${addresses(parts, terminal)}\n`);
      terminal.line(`${paint.bold(`Try, in ${folder}`)}\n${commands.map((command) => `  ${command}`).join('\n')}\n`);
    },
  };
}

function addresses(parts: readonly StartedPart[], { paint }: Terminal): string {
  const width = Math.max(...parts.map(({ name }) => name.length));
  return parts.map(({ name, address }) => `  ${name.padEnd(width)}  ${paint.cyan(address)}`).join('\n');
}

/** One run in one line: what it is at, how far, how long. */
function runLine(progress: RunProgress, { paint }: Terminal): string {
  const { run, status, steps } = progress;
  const title = run.title.padEnd(24);
  if (status === 'waiting') return paint.dim(`  ${title}  waiting`);
  const time = duration((progress.finishedAt ?? Date.now()) - (progress.startedAt ?? Date.now())).padStart(9);
  if (status === 'completed') {
    const { accepted, rejected, loaded } = runFacts(progress);
    return `${paint.green('✔')} ${title}  ${time}  ${count(accepted)} rows accepted, ${count(rejected)} rejected, ${count(loaded)} loaded`;
  }
  if (status === 'failed') return `${paint.red('✘')} ${title}  ${time}  ${progress.error?.message ?? ''}`;
  const atWork = steps.filter((step) => step.status === 'running').map((step) => stepWords(step, progress.live.get(step.step)));
  const done = steps.filter((step) => step.status === 'done').length;
  return `${paint.yellow('●')} ${title}  ${time}  ${done} done; ${atWork.join(', ') || 'between two steps'}`;
}

/** What happened since the last look: a line for each step that ended, and for the run's own begin and end. */
function news(progress: RunProgress, told: Set<string>): string[] {
  const { run, status } = progress;
  const lines = progress.steps
    .filter((step) => step.status !== 'running')
    .map((step) => [`${step.step} ${step.attempt} ${step.status}`, `${run.title}: ${stepWords(step)}`] as const);
  const own = status === 'failed' ? `failed: ${progress.error?.message ?? ''}` : status;
  const first = [[`begin`, `${run.title}: started as ${run.workflowId}`] as const];
  const last = status === 'running' ? [] : [[`end`, `${run.title}: ${own}`] as const];
  return [...first, ...lines, ...last].flatMap(([key, line]) => {
    const id = `${run.workflowId} ${key}`;
    if (told.has(id)) return [];
    told.add(id);
    return [line];
  });
}
