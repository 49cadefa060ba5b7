import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TerminalError } from '../../core/errors.js';
import { describePlace, translateFileError } from './errors.js';
import type { FoundFile } from './file-tree.js';

/**
 * Copies a file's bytes and gives their sha256 (hex).
 * @throws TerminalError FILE_CHANGED when the file was written to meanwhile, so that the copy is of one state
 */
export async function copyWithHash(connection: string, found: FoundFile, target: string, signal: AbortSignal): Promise<string> {
  const place = { connection, path: found.origin };
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(await found.read({ signal }), hashing, createWriteStream(target, { flags: 'wx' }), { signal });
    if (!(await found.isUnchanged())) {
      throw new TerminalError(
        'FILE_CHANGED',
        `${describePlace(place)} was changed while it was copied. Retry when it is no longer being written.`,
      );
    }
  } catch (error) {
    throw signal.aborted ? error : translateFileError(error, place);
  }
  return hash.digest('hex');
}
