import { ERROR_CODES } from '../core/error-codes.js';
import type { Problem } from '../core/problems.js';

/** A problem as scripts read it. */
export interface ProblemReport {
  readonly severity: Problem['severity'];
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

export function problemReport({ severity, code, message, place }: Problem): ProblemReport {
  const { file = null, line = null, column = null } = place ?? {};
  return { severity, code, message, remedy: ERROR_CODES[code].remedy, file, line, column };
}
