import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { messageOf, MillraceError } from '../core/errors.js';
import { ProblemsError } from '../core/problems.js';
import { problemReport, type ProblemReport } from './problem-report.js';

/** An error as scripts read it. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  /** What it stands for, where it is the sum of several. */
  readonly problems?: readonly ProblemReport[];
}

/** An error of whatever kind, with its code and what to do. */
export function describeError(error: unknown): ErrorReport {
  if (error instanceof ProblemsError) {
    const { code, message, remedy, problems } = error;
    return { code, message, remedy, problems: problems.map(problemReport) };
  }
  if (error instanceof MillraceError) return { code: error.code, message: error.message, remedy: error.remedy };
  const message = error instanceof Error && process.env['MILLRACE_DEBUG'] ? (error.stack ?? error.message) : messageOf(error);
  return errorReport('INTERNAL', message);
}

/** An error known by its code, as a run's end tells it. */
export function errorReport(code: string, message: string): ErrorReport {
  return { code, message, remedy: ERROR_CODES[code as ErrorCode]?.remedy ?? '' };
}
