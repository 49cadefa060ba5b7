import { z } from 'zod';
import { parseRunAddress } from '../temporal/run-id.js';
import { observeRun } from './run-picture.js';
import type { Handlers } from './context.js';
import { readCursor, writeCursor } from './cursor.js';
import { findRun } from './find-run.js';

const place = z.object({ id: z.string() });

export const runLogHandlers: Handlers<'listRunLog'> = {
  async listRunLog(context, { run: address, cursor, limit }) {
    const { workflowId, runId } = await findRun(context, parseRunAddress(address));
    const { lines } = await observeRun(context, { workflowId, runId })();
    const after = cursor === undefined ? undefined : readCursor(cursor, place).id;
    const begin = after === undefined ? 0 : lines.findIndex(({ id }) => id === after) + 1;
    const items = lines.slice(begin, begin + limit);
    const last = items.at(-1);
    const next = begin + limit < lines.length && last ? writeCursor({ id: last.id }) : null;
    return { items: items.map((line) => ({ ...line, facts: line.facts && { ...line.facts } })), next };
  },
};
