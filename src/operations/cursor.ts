import type { z } from 'zod';
import { TerminalError } from '../core/errors.js';

/** Where a list goes on, as callers hold it: opaque to them. */
export function writeCursor(place: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws TerminalError REQUEST_INVALID for anything but a cursor of such a list */
export function readCursor<S extends z.ZodType>(text: string, place: S): z.output<S> {
  try {
    return place.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw noCursor();
  }
}

export function noCursor(): TerminalError {
  return new TerminalError('REQUEST_INVALID', '`cursor` is none of this list. Give the `next` of the answer before, unchanged.');
}
