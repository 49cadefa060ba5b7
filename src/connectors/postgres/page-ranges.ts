import type { Heap } from './heaps.js';

/** Pages of one heap; the last piece of a heap has no end. */
export interface Piece {
  readonly sql: string;
  readonly begin: number;
  readonly end: number | undefined;
}

/** What one statement reads into one file. */
export type PageRange = readonly Piece[];

const MIB = 1024 * 1024;

/** Below it, another connection costs more than it saves. */
const WORTH_BYTES = 32 * MIB;

/** What an interruption may cost to read again. */
const RANGE_BYTES = 64 * MIB;

/** Each range is a file that readers open; larger tables have larger ranges. */
const MOST_RANGES = 512;

/**
 * Cuts heaps into ranges of about the same size, as many as `readers` can share evenly; heaps that are small are read
 * together. Gives one range for what is not worth cutting.
 */
export function cutIntoRanges(heaps: readonly Heap[], readers: number): PageRange[] {
  const total = heaps.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = total < WORTH_BYTES ? 1 : Math.min(MOST_RANGES, roundUp(Math.ceil(total / RANGE_BYTES), readers));
  const target = total / count;
  const ranges: Piece[][] = [[]];
  let room = target;
  for (const heap of heaps) {
    const pageBytes = heap.bytes / heap.pages;
    for (let begin = 0; begin < heap.pages;) {
      // What is less than a page from the border belongs to this side of it.
      if (room < pageBytes / 2 && ranges.length < count) {
        ranges.push([]);
        room += target;
      }
      const fits = ranges.length === count || pageBytes === 0 ? heap.pages : Math.max(1, Math.round(room / pageBytes));
      const end = Math.min(heap.pages, begin + fits);
      ranges.at(-1)?.push({ sql: heap.sql, begin, end: end === heap.pages ? undefined : end });
      room -= (end - begin) * pageBytes;
      begin = end;
    }
  }
  return ranges;
}

/** The FROM and WHERE by which the server finds the piece. */
export function pieceToSql({ sql, begin, end }: Piece): { readonly from: string; readonly condition: string } {
  const terms = [...(begin > 0 ? [`ctid >= '(${begin},0)'`] : []), ...(end === undefined ? [] : [`ctid < '(${end},0)'`])];
  return { from: `ONLY ${sql}`, condition: terms.length === 0 ? 'TRUE' : terms.join(' AND ') };
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
