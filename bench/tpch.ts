import { existsSync } from 'node:fs';
import path from 'node:path';
import { TerminalError } from '../src/core/errors.js';
import { runBounded } from '../src/engine/bounded-process.js';
import { cacheFolder } from '../src/engine/cache-folder.js';
import { madeWhole, obtainPackages } from './pip.js';

const VERSION = '4.0.0';
const GENERATE_LIMIT_MS = 3_600_000;

/** As {@link tpchCsv}. Scale 1 has 6,001,215 rows and 765,864,690 bytes. */
export function lineitemCsv(scale: number, notice: (line: string) => void): Promise<string> {
  return tpchCsv('lineitem', scale, notice);
}

/**
 * The path of one of TPC-H's tables as CSV with a header, generated on first use and kept in Millrace's cache folder. The
 * same scale always gives the same bytes.
 *
 * @throws TerminalError TOOL_MISSING when the generator can't be fetched
 */
export async function tpchCsv(table: 'lineitem' | 'orders', scale: number, notice: (line: string) => void): Promise<string> {
  const folder = path.join(cacheFolder(), 'tpch', VERSION);
  const place = path.join(folder, table === 'lineitem' ? `scale-${scale}` : `${table}-scale-${scale}`);
  const file = path.join(place, `${table}.csv`);
  if (existsSync(file)) return file;
  const generator = await obtainGenerator(folder, notice);
  notice(`Generating ${table} at scale ${scale} into ${place} …`);
  await madeWhole(place, async (scratch) => {
    const args = ['csv', '--scale-factor', String(scale), '--tables', table, '--output-dir', scratch];
    const result = await runBounded(generator, args, { limitMs: GENERATE_LIMIT_MS });
    if (!result.ok)
      throw new TerminalError(
        'TOOL_MISSING',
        `${generator} did not make the data: ${result.reason}. Free disk space, or remove ${folder} and try again.`,
      );
  });
  return file;
}

async function obtainGenerator(folder: string, notice: (line: string) => void): Promise<string> {
  const otherwise = ', or give the load benchmark a lineitem CSV with a header: --input FILE';
  const installed = await obtainPackages(path.join(folder, 'generator'), [`tpchgen-cli==${VERSION}`], notice, otherwise);
  return path.join(installed, 'bin', 'tpchgen-cli');
}
