import type { CursorRange, StoredWatermark, Watermark } from './cursor.js';
import { TerminalError } from './errors.js';

/** A watermark that a run asks for. */
export interface WatermarkIdentity {
  /** As {@link Watermark} has them. */
  readonly target: string;
  readonly name: string;
  readonly step: string;
}

/** What a ledger has of the watermark of one target and name. */
export interface WatermarkState {
  /** What this very load has recorded, if it was made before. */
  readonly own?: StoredWatermark | undefined;
  /** The latest of other loads: where the target is without this one. */
  readonly latest?: StoredWatermark | undefined;
  /** Whether what this load has recorded is later than `latest`. */
  readonly ownIsLatest: boolean;
  /** The load that recorded `latest`, for messages. */
  readonly by?: string | undefined;
}

/** What a load does to the watermark that it was allowed to move. */
export interface WatermarkMove {
  /** The same load of the same range has been made before: the watermark stays where it is. */
  readonly again: boolean;
  /** It is made again after others have loaded later ranges: of what they wrote, its rows may hold older versions. */
  readonly outdated: boolean;
}

/** The range as its load's ledger row keeps it. */
export function storedWatermark({ watermark, ...range }: CursorRange): StoredWatermark {
  return { ...range, name: watermark?.name ?? '', step: watermark?.step ?? null };
}

/** The name of the watermark that a load of this range moves. */
export function watermarkName(range: CursorRange): string {
  return range.watermark?.name ?? '';
}

/**
 * What a run is told that asks for a watermark.
 *
 * @param latest what the latest load has recorded
 * @param planned what the load has recorded that was planned with this very question, if it was made
 */
export function watermarkFor(
  identity: WatermarkIdentity,
  latest: StoredWatermark | undefined,
  planned: StoredWatermark | undefined,
): Watermark {
  const { target, name, step } = identity;
  if (planned) return { target, name, step, column: planned.column, value: planned.after, upTo: planned.upTo };
  return { target, name, step, ...(latest && { column: latest.column }), value: latest?.upTo ?? null };
}

/**
 * Whether a load of this range may be made now, as far as the watermark goes: only if the target still is where the range
 * begins, or if this load of it has been made before.
 *
 * @param target the target that is loaded, as people name it
 * @throws TerminalError WATERMARK_MOVED, OPTION_INVALID for the range of another target's watermark
 */
export function moveWatermark(range: CursorRange, target: string, state: WatermarkState): WatermarkMove {
  const { own, latest, ownIsLatest } = state;
  if (range.watermark && range.watermark.target !== target) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The range to load into ${target} begins at the watermark of ${range.watermark.target}. Ask for that of ${target}: run.watermark({ … }).`,
    );
  }
  if (own && own.after === range.after && own.upTo === range.upTo) {
    return { again: true, outdated: !ownIsLatest };
  }
  const value = latest?.upTo ?? null;
  // A value of the pipeline's own is a beginning like any other where nothing was loaded before.
  const isBeginning = value === null && range.watermark === undefined && (own === undefined || own.after === range.after);
  const begins = value === range.after || isBeginning;
  if (!begins || (own && !ownIsLatest)) throw moved(range, target, state);
  if (latest && value !== null && latest.column !== range.column) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The watermark of ${target} is a value of the column "${latest.column}"; the range to load is one of "${range.column}". Keep to one column, or use another name: run.watermark({ …, name: '…' }).`,
    );
  }
  return { again: false, outdated: false };
}

function moved(range: CursorRange, target: string, { own, latest, ownIsLatest, by }: WatermarkState): TerminalError {
  const current = own && ownIsLatest ? own : latest;
  const name = watermarkName(range);
  const which = name === '' ? `The watermark of ${target}` : `The watermark "${name}" of ${target}`;
  const who = by === undefined ? '' : ` Load ${by} has moved it.`;
  if (own && own.upTo === range.after) {
    const text = `This load into ${target} has been made before, of the range that ends at ${shown(own.upTo)}, and cannot go on from there.`;
    throw new TerminalError(
      'WATERMARK_MOVED',
      `${text} Give \`after\` all that run.watermark gave, not only its value; then a load that is made again gets its own range. Start a new run.`,
    );
  }
  return new TerminalError(
    'WATERMARK_MOVED',
    `${which} is ${shown(current?.upTo)}, and the range to load begins after ${shown(range.after)}.${who} Nothing was loaded. Start a new run, or retry this one: it reads on from where the target is.`,
    { target, name, watermark: current?.upTo ?? null, after: range.after },
  );
}

function shown(value: string | null | undefined): string {
  return value === null || value === undefined ? 'not set' : `"${value}"`;
}
