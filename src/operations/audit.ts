import { z } from 'zod';
import { requireNoScope } from '../access/caller.js';
import type { ResultOf } from '../api/index.js';
import type { Handlers } from './context.js';
import { readCursor, writeCursor } from './cursor.js';

type Entry = ResultOf<'listAudit'>['items'][number];

const place = z.object({ id: z.string() });

export const auditHandlers: Handlers<'listAudit'> = {
  async listAudit({ catalog, caller }, { cursor, limit, ...filter }) {
    requireNoScope(caller, 'the audit');
    const after = cursor === undefined ? undefined : readCursor(cursor, place).id;
    const rows = await catalog.listAudit({ ...filter, ...(after !== undefined && { after }), limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last ? writeCursor({ id: last.id }) : null;
    const items = page.map(({ input, result, ...row }) => ({
      ...row,
      input: JSON.parse(input) as unknown,
      result: result === null ? null : (JSON.parse(result) as unknown),
    }));
    return { items: items as Entry[], next };
  },
};
