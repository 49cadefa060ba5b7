import { MillraceError, TerminalError, messageOf } from './errors.js';
import type { ErrorCode } from './error-codes.js';

/** A place in a project's file. */
export interface Place {
  /** Relative to the project's folder, with `/` between segments. */
  readonly file: string;
  /** Counted from 1. */
  readonly line?: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column?: number;
}

/** Something that is wrong with a project, found before anything ran. */
export interface Problem {
  /** An `error` keeps the worker from starting; a `warning` is told and the worker starts. */
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
  /** What is wrong, where (beside the place), and what to do. */
  readonly message: string;
  readonly place?: Place;
}

/** A problem on one line: `workflows/orders.ts:3:8: … [WORKFLOW_IMPORT]`. */
export function problemLine({ code, message, place }: Problem): string {
  return `${place ? `${placeText(place)}: ` : ''}${message} [${code}]`;
}

export function placeText({ file, line, column }: Place): string {
  return [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':');
}

/** An error as a problem. One that Millrace does not know is INTERNAL. */
export function problemOf(error: unknown, place?: Place): Problem {
  const code = error instanceof MillraceError ? error.code : 'INTERNAL';
  return { severity: 'error', code, message: messageOf(error), place };
}

/** The problems that an error stands for: those it lists, or itself. */
export function problemsOf(error: unknown): readonly Problem[] {
  return error instanceof ProblemsError ? error.problems : [problemOf(error)];
}

/**
 * Every problem of a project at once. Its code is the problems' own where they share one, else PROJECT_INVALID.
 */
export class ProblemsError extends TerminalError {
  constructor(
    readonly problems: readonly Problem[],
    /** The project's folder, for the message. */
    directory: string,
  ) {
    super(sharedCode(problems), describe(problems, directory), { problems: problems.length });
  }
}

function sharedCode(problems: readonly Problem[]): ErrorCode {
  const codes = new Set(problems.map(({ code }) => code));
  const [only] = codes;
  return only !== undefined && codes.size === 1 ? only : 'PROJECT_INVALID';
}

function describe(problems: readonly Problem[], directory: string): string {
  const [first] = problems;
  if (first && problems.length === 1) {
    return first.place ? `${directory}/${placeText(first.place)}: ${first.message}` : first.message;
  }
  const lines = problems.map((problem) => `  - ${problemLine(problem).replaceAll('\n', '\n    ')}`);
  return `The project in ${directory} has ${problems.length} problems:\n${lines.join('\n')}\nCorrect them all, then start again.`;
}

/** Those that keep a project from running. */
export function errorsOf(problems: readonly Problem[]): Problem[] {
  return problems.filter(({ severity }) => severity === 'error');
}

/** Throws what is wrong, if something is. @throws ProblemsError */
export function refuseProblems(problems: readonly Problem[], directory: string): void {
  const errors = errorsOf(problems);
  if (errors.length > 0) throw new ProblemsError(errors, directory);
}
