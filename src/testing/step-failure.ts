import { ERROR_CODES, type ErrorCode } from '../core/error-codes.js';
import { TerminalError } from '../core/errors.js';

/**
 * An error with which a step of a test is to fail, as a pipeline would meet it.
 *
 * @param code one of those in docs/errors.md
 * @example testPipeline(project, orders, { failures: { 'load:warehouse.orders': stepFailure('CONNECTION_LOST') } })
 */
export function stepFailure(code: ErrorCode, message: string = ERROR_CODES[code].cause): Error {
  return new TerminalError(code, message);
}
