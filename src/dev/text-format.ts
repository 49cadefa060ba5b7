import Table from 'cli-table3';

/** `1,234,567`; nothing for what isn't known. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : value.toLocaleString('en-US');
}

/** `0.4 s`, `12.3 s`, `3 min 05 s`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60)).padStart(2, '0')} s`;
}

/** A table without lines; after the first `left` columns, those that hold numbers stand to the right. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  };
  const inner = { left: '  ', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' };
  const table = new Table({
    chars: { ...none, ...inner },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: head.map((_, index) => (index >= left && rows.every((row) => isFigure(row[index] ?? '')) ? 'right' : 'left')),
  });
  table.push([...head], ...rows.map((row) => [...row]));
  return table.toString().replace(/ +$/gm, '');
}

// A count, a duration, or nothing; a mark may follow.
function isFigure(cell: string): boolean {
  return /^(?:[\d,.]+(?: (?:ms|s|min \d\d s))?(?: \*)?)?$/.test(cell);
}
