import path from 'node:path';
import { TerminalError } from '../../core/errors.js';
import type { LoadRequest } from '../contract.js';
import type { FilePlace } from './errors.js';
import { LEDGER_FOLDER, shortHash } from './ledger.js';

/** Where a load's file goes. All paths are relative to the root, with `/` between segments. */
export interface Layout {
  /** The data file that the load puts in place, at once. */
  readonly file: string;
  /** What `target` names: the file itself, or the folder that it lies in. */
  readonly target: string;
  /** Folder of the ledger, beside the data. */
  readonly ledger: string;
  readonly format: 'parquet' | 'csv';
  readonly compression: 'zstd' | 'none' | 'gzip';
}

/**
 * The file that a load writes.
 *
 * - `replace`: the file that `target` names.
 * - `replace` with a partition: `target/<column>=<value>/data.parquet`.
 * - `append`: a file in the folder `target`, named after the load; of a run with a partition, named after pipeline, step
 *   and partition, so that a later load of the same one takes its place.
 *
 * @param target the load's, made relative to the root
 * @throws TerminalError OPTION_INVALID for a target whose format does not show
 */
export function layoutOf(target: string, place: FilePlace, request: LoadRequest): Layout {
  const extension = /\.(parquet|csv|csv\.gz)$/i.exec(target)?.[1]?.toLowerCase();
  const isFolder = request.mode === 'append' || request.partition !== undefined;
  if (!isFolder && extension === undefined) {
    throw new TerminalError(
      'OPTION_INVALID',
      `A replace of "${place.path}" in connection "${place.connection}" writes one file: give the target a name that ends in .parquet, .csv or .csv.gz.`,
    );
  }
  const kind = extension ?? 'parquet';
  const format = kind === 'parquet' ? 'parquet' : 'csv';
  const compression = kind === 'parquet' ? 'zstd' : kind === 'csv' ? 'none' : 'gzip';
  const file = isFolder ? path.posix.join(target, nameInFolder(request, kind)) : target;
  return {
    file,
    target,
    ledger: path.posix.join(isFolder ? target : path.posix.dirname(target), LEDGER_FOLDER),
    format,
    compression,
  };
}

function nameInFolder(request: LoadRequest, extension: string): string {
  if (request.partition !== undefined) {
    const folders = Object.entries(request.partition).map(
      ([column, value]) => `${encode(column)}=${value === null ? '__HIVE_DEFAULT_PARTITION__' : encode(String(value))}`,
    );
    return path.posix.join(...folders, `data.${extension}`);
  }
  const { pipeline, step, partition, loadId } = request.identity;
  // With a watermark every load has rows of its own, and takes no other's place.
  return partition === undefined || request.watermark !== undefined
    ? `load-${shortHash(loadId)}.${extension}`
    : `part-${shortHash(pipeline, step, partition)}.${extension}`;
}

// As Hive writes folder names; dots alone would lead somewhere else.
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('.', '%2E').replaceAll('*', '%2A');
}
