import { z } from 'zod';

export const CURSOR = 'Where to go on: `next` of the answer before.';

/** How a list is asked for. Numbers come as text in a query. */
export const pageInput = {
  limit: z.coerce.number<number>().int().min(1).max(200).default(50).describe('Items of one answer.'),
  cursor: z.string().min(1).max(500).optional().describe(CURSOR),
};

/** A part of a list; `next` is null at its end. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** ISO 8601, in UTC. */
export const time = z.iso.datetime();

/** The same as a bound of a list: written as the catalog writes times, since it compares them as text. */
export const bound = z.iso.datetime().overwrite((text) => {
  // It is asked of a text that is no time as well.
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : new Date(at).toISOString();
});

export const jsonValue = z.unknown();
export const jsonObject = z.record(z.string(), z.unknown());
