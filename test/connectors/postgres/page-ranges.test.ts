import { expect, test } from 'vitest';
import type { Heap } from '../../../src/connectors/postgres/heaps.js';
import { cutIntoRanges, pieceToSql, type PageRange } from '../../../src/connectors/postgres/page-ranges.js';

const MIB = 1024 * 1024;
const PAGE = 8192;

function heap(sql: string, bytes: number, outOfLine = 0): Heap {
  return { sql, pages: Math.max(1, Math.ceil(bytes / PAGE)), bytes: bytes + outOfLine };
}

/** Every page of every heap in exactly one range, and each heap read to its end. */
function expectWhole(ranges: readonly PageRange[], heaps: readonly Heap[]): void {
  for (const { sql } of heaps) {
    const pieces = ranges.flat().filter((piece) => piece.sql === sql);
    expect(pieces[0]?.begin).toBe(0);
    expect(pieces.at(-1)?.end).toBeUndefined();
    expect(pieces.slice(1).map((piece) => piece.begin)).toEqual(pieces.slice(0, -1).map((piece) => piece.end));
  }
  expect(ranges.every((range) => range.length > 0)).toBe(true);
}

test('a small table is one range', () => {
  expect(cutIntoRanges([heap('t', 31 * MIB)], 8)).toEqual([[{ sql: 't', begin: 0, end: undefined }]]);
});

test('a table that has no pages yet is read all the same', () => {
  expect(cutIntoRanges([heap('t', 0)], 8)).toEqual([[{ sql: 't', begin: 0, end: undefined }]]);
});

test.each([
  [40, 2, 2],
  [40, 8, 8],
  [1000, 2, 16],
  [1000, 3, 18],
])('a table of %d MiB is cut for %d readers into %d ranges of one size', (size, readers, count) => {
  const heaps = [heap('t', size * MIB)];
  const ranges = cutIntoRanges(heaps, readers);
  expect(ranges).toHaveLength(count);
  expectWhole(ranges, heaps);
  const pages = ranges.map(([piece]) => (piece?.end ?? (size * MIB) / PAGE) - (piece?.begin ?? 0));
  expect(Math.max(...pages) - Math.min(...pages)).toBeLessThanOrEqual(1);
});

test('a huge table is cut into a bounded number of larger ranges', () => {
  const heaps = [heap('t', 10_000_000 * MIB)];
  expect(cutIntoRanges(heaps, 3).length).toBeLessThanOrEqual(512);
  expectWhole(cutIntoRanges(heaps, 3), heaps);
});

test('small partitions are read together, and a large one in several ranges', () => {
  const heaps = [...Array.from({ length: 100 }, (_, at) => heap(`p${at}`, MIB)), heap('large', 200 * MIB), heap('empty', 0)];
  const ranges = cutIntoRanges(heaps, 2);
  expect(ranges).toHaveLength(6);
  expectWhole(ranges, heaps);
});

test('values out of line count, so that a heap of few pages is cut as well', () => {
  const heaps = [heap('t', 10 * PAGE, 500 * MIB)];
  const ranges = cutIntoRanges(heaps, 2);
  expect(ranges.length).toBeGreaterThan(5);
  expectWhole(ranges, heaps);
});

test('no heap of random size loses a page', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = (at: number): number => Math.abs(Math.sin(seed * 1000 + at));
    const heaps = Array.from({ length: 1 + (seed % 17) }, (_, at) =>
      heap(`h${at}`, Math.floor(random(at) ** 6 * 900 * MIB), Math.floor(random(at + 50) ** 9 * 900 * MIB)),
    );
    expectWhole(cutIntoRanges(heaps, 1 + (seed % 8)), heaps);
  }
});

test('a piece is found by its pages', () => {
  expect(pieceToSql({ sql: 't', begin: 0, end: undefined })).toEqual({ from: 'ONLY t', condition: 'TRUE' });
  expect(pieceToSql({ sql: 't', begin: 5, end: 9 })).toEqual({ from: 'ONLY t', condition: "ctid >= '(5,0)' AND ctid < '(9,0)'" });
});
