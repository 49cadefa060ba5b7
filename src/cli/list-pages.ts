/** The most items of one answer of a list. */
const PAGE = 200;

/** Where a list goes on, and how many of it are wanted. */
interface Page {
  readonly limit: number;
  readonly cursor: string | undefined;
}

/**
 * The first items of a list, asked for page by page.
 *
 * @param most how many at most; without, all of them
 */
export async function listPages<T>(
  ask: (page: Page) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>,
  most = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await ask({ limit: Math.min(PAGE, most - found.length), cursor });
    found.push(...items);
    cursor = next ?? undefined;
  } while (cursor !== undefined && found.length < most);
  return found.slice(0, most);
}
