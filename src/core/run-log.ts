import type { RunContext, StepId } from './steps.js';

export type LogLevel = 'info' | 'warn' | 'error';

/** Facts beside a message: small values that a program may want. */
export type LogFacts = Readonly<Record<string, string | number | boolean | null>>;

/** One line that a pipeline or a step wrote. */
export interface LogLine extends Pick<RunContext, 'workflowId' | 'runId'> {
  /** The step that wrote it; absent for the pipeline's own code. */
  readonly step?: StepId;
  /** The step's attempt, from 1; 0 for the pipeline's own code. */
  readonly attempt: number;
  /** From 1 within the pipeline or the attempt. With the fields above it says which line this is: written again, it changes nothing. */
  readonly line: number;
  /** ISO. */
  readonly at: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly facts?: LogFacts;
}

/** Lines kept of one run's own code, and of one attempt of a step. */
export const MAX_LINES = { pipeline: 1_000, attempt: 100 } as const;

/** Longest message, and longest JSON of facts, in characters. */
export const MAX_TEXT = 2_000;

/** How lines leave the workflow sandbox: Temporal's sinks, which write nothing into history. The worker knows the run. */
export type RunLogSinks = {
  readonly runLog: { write(line: Omit<LogLine, 'workflowId' | 'runId'>): void };
};

/** A message in its longest form. */
export function cutMessage(message: unknown): string {
  const text = String(message);
  return text.length > MAX_TEXT ? `${beginningOf(text, MAX_TEXT)}…` : text;
}

// Half of a surrogate pair is no character, and a database makes three of it.
function beginningOf(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/** Facts that can be kept: long texts are cut, and what goes beyond the limit in all is left out. */
export function cutFacts(facts: LogFacts | undefined): LogFacts | undefined {
  if (facts === undefined) return undefined;
  const kept: Record<string, LogFacts[string]> = {};
  for (const [name, value] of Object.entries(facts)) {
    kept[name] = typeof value === 'string' ? beginningOf(value, 200) : value;
    if (JSON.stringify(kept).length > MAX_TEXT) {
      delete kept[name];
      break;
    }
  }
  return kept;
}
