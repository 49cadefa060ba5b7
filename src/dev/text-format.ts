import Table from 'cli-table3';

export { count, duration } from '../core/amounts.js';

/** `812 B`, `4.2 MB`, in powers of 1,000 as disks are sold. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** How long ago, in the largest unit that fits: `5 min`, `3 h`, `12 d`. */
export function age(ms: number): string {
  const minutes = Math.max(0, ms) / 60_000;
  if (minutes < 60) return `${Math.floor(minutes)} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60 / 24)} d`;
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
  return /^(?:[\d,.]+(?: (?:ms|s|min|h|d|k?B|[MGT]B|min \d\d s))?(?: \*)?)?$/.test(cell);
}
