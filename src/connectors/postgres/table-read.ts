import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CursorRange } from '../../core/cursor.js';
import type { Column } from '../../core/dataset.js';
import { TransientError } from '../../core/errors.js';
import type { Part } from '../../core/manifest.js';
import type { Extracted } from '../contract.js';
import type { LeftWork, Resumption } from '../left-work.js';
import type { Rows } from './copy-part.js';
import { pieceToSql, type PageRange } from './page-ranges.js';
import type { Snapshot } from './snapshot.js';
import { datasetColumn, type SourceColumn } from './source-columns.js';

/** What is read of a table, settled when its snapshot was taken. */
export interface TableReadPlan {
  readonly columns: readonly SourceColumn[];
  /** On the rows: the step's filter and the cursor's range. */
  readonly condition: string;
  readonly range: CursorRange | undefined;
  readonly ranges: readonly PageRange[];
}

/**
 * A table that is being read range by range from one snapshot: what is finished, and what is left to do. It outlives an
 * attempt that is cut off, if the next one comes to the same process in time.
 */
export class TableRead implements LeftWork {
  /** Columns that hold a value which DuckDB's type cannot: they travel as text, in every range. */
  readonly asText = new Set<string>();
  readonly #finished = new Map<number, Part>();
  #directory: string;
  /** The folder of an attempt that has left it: nobody else removes it. */
  #left: string | undefined;
  #isWaiting = false;

  constructor(
    readonly snapshot: Snapshot,
    readonly plan: TableReadPlan,
    directory: string,
  ) {
    this.#directory = directory;
    // Nobody has to wait for work that may never be gone on with.
    snapshot.attend(() => this.#isWaiting && void this.release());
  }

  get directory(): string {
    return this.#directory;
  }

  get rowsFinished(): number {
    return [...this.#finished.values()].reduce((sum, part) => sum + (part.rows ?? 0), 0);
  }

  /** Numbers of the ranges that have still to be read. */
  missing(): number[] {
    return [...this.plan.ranges.keys()].filter((index) => !this.#finished.has(index));
  }

  /** What the range selects. */
  rowsOf(index: number): Rows[] {
    return (this.plan.ranges[index] ?? []).map((piece) => {
      const { from, condition } = pieceToSql(piece);
      return { from, condition: `${condition} AND (${this.plan.condition})` };
    });
  }

  finish(index: number, part: Part): void {
    this.#finished.set(index, part);
  }

  /** Forgets what is finished, since it has another type: a column is read as text after all. */
  readAsText(column: string): void {
    this.asText.add(column);
    this.#finished.clear();
  }

  /** The whole table, once nothing is missing. Files without rows are removed. */
  async result(): Promise<Extracted> {
    const parts = [...this.plan.ranges.keys()].map((index) => this.#finished.get(index) as Part);
    const filled = parts.filter((part) => part.rows !== 0);
    const kept = filled.length > 0 ? filled : parts.slice(0, 1);
    for (const part of parts) if (!kept.includes(part)) await rm(path.join(this.#directory, part.path));
    const columns: Column[] = this.plan.columns.map((column) => datasetColumn(column, this.asText));
    const { range } = this.plan;
    return { parts: kept, columns, rows: this.rowsFinished, filterPending: false, ...(range && { range }) };
  }

  /** Leaves it for the next attempt where that one could save work by it; otherwise ends it. */
  async leaveOrRelease(resumption: Resumption | undefined, failure: unknown, forMs: number): Promise<void> {
    const mayGoOn = failure instanceof TransientError && this.#finished.size > 0;
    if (!resumption || !mayGoOn || !(await this.#isHeld())) return this.release();
    this.#left = this.#directory;
    this.#isWaiting = true;
    resumption.leave(this, forMs);
  }

  /**
   * Goes on in another attempt's folder.
   * @returns whether it can: the snapshot is still held, and the files are as they were written
   */
  async goOnIn(directory: string): Promise<boolean> {
    this.#isWaiting = false;
    const moved: string[] = [];
    try {
      if (!(await this.#isHeld())) return false;
      for (const part of this.#finished.values()) {
        const file = path.join(this.#directory, part.path);
        if ((await stat(file)).size !== part.bytes) throw new RangeError(`${file} has changed`);
        moved.push(path.join(directory, part.path));
        await rename(file, path.join(directory, part.path));
      }
    } catch {
      await Promise.all(moved.map(remove));
      return false;
    }
    this.#directory = directory;
    await this.#removeLeft();
    return true;
  }

  async release(): Promise<void> {
    this.#isWaiting = false;
    await this.snapshot.end();
    await this.#removeLeft();
  }

  async #removeLeft(): Promise<void> {
    const left = this.#left;
    this.#left = undefined;
    if (left !== undefined) await remove(left);
  }

  #isHeld(): Promise<boolean> {
    return this.snapshot.prove().then(
      () => true,
      () => false,
    );
  }
}

async function remove(place: string): Promise<void> {
  await rm(place, { recursive: true, force: true }).catch(() => undefined);
}
