import { TerminalError } from '../../core/errors.js';
import { describePlace, type FilePlace } from './errors.js';

export const DELIMITERS = [',', ';', '\t', '|'] as const;

export interface CsvHeader {
  readonly delimiter: string;
  readonly quote: '"' | "'";
  readonly columns: readonly string[];
}

/**
 * The first record of a CSV file: it alone decides the columns, so that dirty lines further down cannot. The delimiter is
 * the one of comma, semicolon, tab and bar that gives most columns; comma when there is only one column.
 *
 * @throws TerminalError FILE_HEADER for a column without a name, or a name twice (DuckDB ignores case)
 */
export function parseCsvHeader(sample: string, place: FilePlace): CsvHeader {
  const text = sample.replace(/^\uFEFF/, '');
  const quote = /^'[^']*'\s*[,;\t|]/.test(text) ? ("'" as const) : ('"' as const);
  const candidates = DELIMITERS.map((delimiter) => ({ delimiter, quote, columns: firstRecord(text, delimiter, quote) }));
  const best = candidates.reduce((a, b) => (b.columns.length > a.columns.length ? b : a));
  const nameless = best.columns.findIndex((name) => name.trim() === '');
  if (nameless !== -1) {
    throw new TerminalError(
      'FILE_HEADER',
      `${describePlace(place)}, line 1: column ${nameless + 1} has no name. The first line must name every column.`,
    );
  }
  const seen = new Set<string>();
  for (const name of best.columns) {
    if (seen.has(name.toLowerCase())) {
      throw new TerminalError(
        'FILE_HEADER',
        `${describePlace(place)}, line 1: the column name "${name}" is there twice (case does not count). Make the names unique.`,
      );
    }
    seen.add(name.toLowerCase());
  }
  return best;
}

function firstRecord(text: string, delimiter: string, quote: string): string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (quoted) {
      if (character !== quote) field += character;
      else if (text[at + 1] === quote) field += text[++at];
      else quoted = false;
    } else if (character === quote && field === '') quoted = true;
    else if (character === '\n' || character === '\r') break;
    else if (character === delimiter) {
      fields.push(field);
      field = '';
    } else field += character;
  }
  return [...fields, field];
}
