import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { FoundFile } from '../file-tree.js';
import { readRecords } from './records.js';
import { JsonScanner } from './scanner.js';
import type { Shape } from './shape.js';

/**
 * Writes a file's records anew, one a line, without byte order mark, with the values of some keys as texts that hold them as
 * they are written: `{"price": 1.10}` becomes `{"price":"1.10"}`. DuckDB's JSON reader turns every number with a point into a
 * double; text it keeps.
 *
 * @param root the shape that the file's records have given
 */
export async function rewriteRecords(
  request: { readonly connection: string; readonly found: FoundFile; readonly root: Shape; readonly signal: AbortSignal },
  asText: ReadonlySet<string>,
  target: string,
): Promise<void> {
  const output = createWriteStream(target, { flags: 'wx' });
  const ended = finished(output);
  ended.catch(() => undefined);
  let entries: string[] = [];
  const lines: Buffer[] = [];
  const scanner = new JsonScanner(request.root, {
    begin: () => void (entries = []),
    member: ({ raw, name }, bytes, start, end) => void entries.push(entry(raw, bytes.subarray(start, end), asText.has(name))),
  });
  try {
    await readRecords(request.connection, request.found, {
      scanner,
      signal: request.signal,
      onRecord: () => void lines.push(Buffer.from(`{${entries.join(',')}}\n`)),
      async onPiece() {
        const isFull = !output.write(Buffer.concat(lines.splice(0)));
        if (isFull) await Promise.race([once(output, 'drain'), ended]);
      },
    });
    output.end();
    await ended;
  } finally {
    output.destroy();
  }
}

const NULL = 'null';

function entry(key: Buffer, value: Buffer, isText: boolean): string {
  const text = value.toString('utf8');
  const written = isText && text !== NULL ? JSON.stringify(text) : text.replaceAll(/[\n\r]/g, ' ');
  return `"${key.toString('utf8')}":${written}`;
}
