/**
 * DuckDB's error about a SELECT on one line, with its place: `Referenced column "buyer" not found (line 1, column 8: "SELECT
 * buyer …")`. DuckDB prints the kind of error first, and the line with a caret below the message.
 *
 * @param linesBefore how many lines of ours stand before the SELECT's first
 */
export function tellSqlError(message: string, linesBefore: number): string {
  const lines = message.split('\n');
  const at = lines.findIndex((line) => /^LINE \d+: /.test(line));
  const text = lines
    .slice(0, at === -1 ? 3 : at)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
    .replace(/^(?:[A-Z]\w* )+Error: /, '');
  if (at === -1) return text.replace(/\.$/, '');
  const [, number, code] = /^LINE (\d+): (.*)$/.exec(lines[at] as string) as RegExpExecArray;
  const line = Number(number) - linesBefore;
  // A long line is shown from its middle, which hides the column.
  const caret = (lines[at + 1] ?? '').indexOf('^') - `LINE ${number}: `.length;
  const column = caret >= 0 && !code?.startsWith('...') ? `, column ${caret + 1}` : '';
  return `${text.replace(/[.!]$/, '')} (line ${line}${column}: ${code?.trim()})`;
}

/** The place in a text of {@link tellSqlError}, for the details of an error. */
export function placeOfSqlError(told: string): { readonly line?: number; readonly column?: number } {
  const [, line, column] = /\(line (\d+)(?:, column (\d+))?: /.exec(told) ?? [];
  return { ...(line !== undefined && { line: Number(line) }), ...(column !== undefined && { column: Number(column) }) };
}
