import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { CursorRange, StoredWatermark, Watermark } from '../../core/cursor.js';
import { moveWatermark, watermarkFor, watermarkName, type WatermarkMove } from '../../core/watermark.js';
import type { WatermarkRequest } from '../contract.js';
import type { FilePlace } from './errors.js';
import { findDone, LEDGER_FOLDER, shortHash, syncFolder } from './ledger.js';
import { joinRoot, requireBelowRoot } from './paths.js';

/** Loads that a folder remembers as movers of one watermark: a retry of an older run no longer finds its range. */
const REMEMBERED = 500;

/**
 * The loads that have moved one watermark of a folder, latest first. It is written before the load's file appears, so the
 * first of them may not have been done: the watermark is that of the first which its own ledger entry says is done.
 */
interface Movers {
  readonly name: string;
  readonly loads: readonly Mover[];
}

interface Mover {
  /** Names the ledger entry. */
  readonly load: string;
  /** The step that read the watermark at which the load's range begins. */
  readonly step: string | null;
}

/** A load that moves a watermark. */
export interface MovingLoad {
  readonly ledger: string;
  /** Names its ledger entry. */
  readonly load: string;
  /** As people name it. */
  readonly target: string;
  readonly range: CursorRange;
}

/** The file that two loads which move the same watermark may not hold at once. */
export function watermarkLock(ledger: string, range: CursorRange): string {
  return path.join(ledger, `${shortHash('watermark', watermarkName(range))}.lock`);
}

/** How far a folder has got. */
export async function readWatermark(root: string, request: WatermarkRequest): Promise<Watermark> {
  const place: FilePlace = { connection: request.connection, path: request.target };
  const folder = path.join(joinRoot(root, place), LEDGER_FOLDER);
  await requireBelowRoot(root, folder, place);
  const { loads } = await readMovers(folder, request.name);
  const identity = { target: `${request.connection}.${request.target}`, name: request.name, step: request.step };
  const planned = loads.find(({ step }) => step === request.step);
  const [latest] = await doneFrom(folder, loads, 1);
  return watermarkFor(identity, latest?.watermark, planned && (await watermarkOf(folder, planned.load)));
}

/**
 * Whether the load may move its watermark. To be called by who holds {@link watermarkLock}.
 *
 * @throws TerminalError WATERMARK_MOVED, OPTION_INVALID
 */
export async function checkWatermark({ ledger, load, target, range }: MovingLoad): Promise<WatermarkMove> {
  const { loads } = await readMovers(ledger, watermarkName(range));
  const [first, second] = await doneFrom(ledger, loads, 2);
  const own = await watermarkOf(ledger, load);
  const ownIsLatest = first?.load === load;
  const latest = ownIsLatest ? second : first;
  const sameName = own?.name === watermarkName(range) ? own : undefined;
  const by = latest && `${latest.load}.json in ${LEDGER_FOLDER}`;
  return moveWatermark(range, target, { own: sameName, latest: latest?.watermark, ownIsLatest, by });
}

/** Notes that the load is about to move its watermark. */
export async function announceMove({ ledger, load, range }: MovingLoad): Promise<void> {
  const name = watermarkName(range);
  const { loads } = await readMovers(ledger, name);
  const [latest] = await doneFrom(ledger, loads, 1);
  const known = latest ? loads.slice(loads.findIndex((mover) => mover.load === latest.load)) : [];
  const mover = { load, step: range.watermark?.step ?? null };
  const movers = [mover, ...known.filter((each) => each.load !== load)].slice(0, REMEMBERED);
  await writeMovers(ledger, { name, loads: movers });
}

async function watermarkOf(ledger: string, load: string): Promise<StoredWatermark | undefined> {
  return (await findDone(ledger, load))?.watermark;
}

/** The latest of the loads that are done, at most `limit`. */
async function doneFrom(ledger: string, loads: readonly Mover[], limit: number) {
  const done: { readonly load: string; readonly watermark: StoredWatermark }[] = [];
  for (const { load } of loads) {
    const watermark = await watermarkOf(ledger, load);
    if (watermark) done.push({ load, watermark });
    if (done.length === limit) break;
  }
  return done;
}

async function readMovers(ledger: string, name: string): Promise<Movers> {
  try {
    return JSON.parse(await readFile(moversPath(ledger, name), 'utf8')) as Movers;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { name, loads: [] };
    throw error;
  }
}

async function writeMovers(ledger: string, movers: Movers): Promise<void> {
  const file = moversPath(ledger, movers.name);
  const temporary = `${file}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(JSON.stringify(movers));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  await syncFolder(ledger);
}

// Entries of the ledger are the .json files of the folder.
function moversPath(ledger: string, name: string): string {
  return path.join(ledger, `${shortHash('watermark', name)}.watermark`);
}
