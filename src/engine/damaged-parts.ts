import { TerminalError } from '../core/errors.js';
import type { Part } from '../core/manifest.js';
import { DAMAGED_PAGES } from './errors.js';

/**
 * Does work that reads a dataset's parts, and names the files when DuckDB finds damaged pages in them: a footer, which is
 * all that an extract looks at, may be whole where the rest is not.
 *
 * @throws TerminalError FILE_FORMAT
 */
export async function namingDamaged<T>(parts: readonly Part[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TerminalError) || error.details['found'] !== DAMAGED_PAGES) throw error;
    const names = parts.filter((part) => part.format === 'parquet').map((part) => `"${part.origin ?? part.path}"`);
    const shown = names.slice(0, 3).join(', ');
    const place = names.length === 1 ? shown : `One of ${names.length} files (${shown}${names.length > 3 ? ' …' : ''})`;
    throw new TerminalError('FILE_FORMAT', `${place} cannot be read: ${error.message}`, {}, { cause: error });
  }
}
