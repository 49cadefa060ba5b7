import type { Column } from '../../core/dataset.js';
import { TerminalError } from '../../core/errors.js';
import type { Filter, Scalar } from '../../core/filter.js';
import { describePlace, type FilePlace } from './errors.js';

/**
 * Refuses a filter's value that DuckDB would round before it compares: to it `'5.4'` in a column of text equals the number 5, and
 * in a column of integers 5 equals the text `'5.4'`.
 *
 * @throws TerminalError OPTION_INVALID
 */
export function requireComparable(place: FilePlace, columns: readonly Column[], where: Filter | undefined): void {
  for (const [name, condition] of Object.entries(where ?? {})) {
    const type = columns.find((column) => column.name === name)?.type ?? '';
    for (const value of Object.values(condition).flat() as Scalar[]) {
      const wanted = expected(type, value);
      if (wanted === undefined) continue;
      throw new TerminalError(
        'OPTION_INVALID',
        `The filter \`where\` does not fit the columns of ${describePlace(place)}: "${name}" is ${type}. Compare it with ${wanted}, not with ${JSON.stringify(value)}.`,
      );
    }
  }
}

/** What a value of that column can be compared with, if not with this one. */
function expected(type: string, value: Scalar): string | undefined {
  if (typeof value === 'number') return type === 'VARCHAR' ? 'a text, or filter in a transform' : undefined;
  if (typeof value !== 'string') return undefined;
  const scale = /INT(EGER)?$/.test(type) ? 0 : /^DECIMAL\(\d+,\s*(\d+)\)$/.exec(type)?.[1];
  if (scale === undefined) return undefined;
  const [, fraction] = /^\s*[+-]?\d*\.?(\d*?)0*\s*$/.exec(value.includes('.') ? value : `${value}.`) ?? [];
  if (fraction !== undefined && fraction.length <= Number(scale)) return undefined;
  return Number(scale) === 0 ? 'a whole number' : `a number of at most ${scale} digits after the point`;
}
