import { messageOf, TerminalError } from '../core/errors.js';

/** What stopped zod at a row. */
export interface Failure {
  /** `threw`: a function of the contract threw; `stuck`: one, or a pattern, did not end. */
  readonly what: 'threw' | 'stuck';
  readonly message: string;
  /** Whose function it was; absent where it belongs to the row as a whole, or nobody knows. */
  readonly column?: string | undefined;
  /** The row's line in a CSV file, or its number from 1. */
  readonly line: number;
  /** The line of the project's code, where it is known. */
  readonly place?: string | undefined;
}

/** A row that zod could not be asked about. */
export class RowFailure extends Error {
  constructor(
    readonly failure: Failure,
    options?: ErrorOptions,
  ) {
    super(failure.message, options);
  }
}

/** Where a row is, for messages. */
export interface RowPlace {
  readonly contract: string;
  readonly source: string;
  readonly isText: boolean;
}

/** A failure as an error for the person who must act; every other error as it is. */
export function contractFailure(error: unknown, { contract, source, isText }: RowPlace): unknown {
  if (!(error instanceof RowFailure)) return error;
  const { what, column, line, place, message } = error.failure;
  const row = `${isText ? 'line' : 'row'} ${line} of ${source}`;
  const at = place === undefined ? '' : ` (${place})`;
  const whose = column === undefined ? `contract "${contract}"` : `column "${column}" of contract "${contract}"`;
  const details = { contract, row: line, ...(column !== undefined && { column }), ...(place !== undefined && { place }) };
  if (what === 'threw') {
    const text = message.replace(/[.\s]+$/, '');
    return new TerminalError(
      'CONTRACT_FUNCTION',
      `A function of ${whose} threw at ${row}${at}: ${text}. Let it return false, or add an issue, for rows it refuses.`,
      details,
      { cause: error.cause ?? error },
    );
  }
  return new TerminalError(
    'CONTRACT_STUCK',
    `A function or pattern of ${whose} was stopped at ${row}: ${message}. Let the function end for every value, or write the pattern without repetition within repetition.`,
    details,
  );
}

/** A failure of one row, from what was thrown. */
export function threw(error: unknown, line: number, column: string | undefined): RowFailure {
  return new RowFailure({ what: 'threw', message: messageOf(error), line, column }, { cause: error });
}
