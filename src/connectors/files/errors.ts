import { MillraceError, TerminalError, TransientError, messageOf } from '../../core/errors.js';

/** Where something happened, in people's words: connection and path as the step gave it. */
export interface FilePlace {
  readonly connection: string;
  /** Relative to the connection's root. */
  readonly path: string;
}

export function describePlace(place: FilePlace): string {
  return `"${place.path}" in connection "${place.connection}"`;
}

/** The operating system's refusals, with the file and what to do. Errors that are Millrace's already pass through. */
export function translateFileError(error: unknown, place: FilePlace): Error {
  if (error instanceof MillraceError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const where = describePlace(place);
  const options = { cause: error };
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new TerminalError(
        'FILE_MISSING',
        `There is no file ${where}. Check the path; it is relative to the connection's root.`,
        {},
        options,
      );
    case 'EISDIR':
      return folderInsteadOfFile(place);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new TerminalError(
        'FILE_DENIED',
        `The operating system refuses access to ${where} (${code}). Give the worker's user the right to it.`,
        {},
        options,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new TerminalError(
        'STAGING_FULL',
        `The disk is full at ${where} (${code}). Free space, then retry the run.`,
        {},
        options,
      );
    case 'ELOOP':
      return new TerminalError(
        'FILE_MISSING',
        `${where} is a symbolic link that leads to itself. Correct the link.`,
        {},
        options,
      );
    default:
      return new TransientError('INTERNAL', `Reading or writing ${where} failed: ${messageOf(error)}`, {}, options);
  }
}

export function folderInsteadOfFile(place: FilePlace): TerminalError {
  return new TerminalError(
    'FILE_MISSING',
    `${describePlace(place)} is a folder, not a file. Name a file, or use a pattern such as ${place.path}/*.parquet.`,
  );
}

/** FILE_FORMAT: the file is not readable as what it should be. */
export function unreadable(place: FilePlace, why: string): TerminalError {
  return new TerminalError('FILE_FORMAT', `${describePlace(place)} cannot be read: ${why}`);
}
