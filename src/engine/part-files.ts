import { stat } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError } from '../core/errors.js';
import type { Part } from '../core/manifest.js';
import { resolvePath } from './dataset-sql.js';

/**
 * Proves that every part is still the file that was referred to: one in place by size and modification time, a staged one
 * by being there in its size. Every reader calls it right before it reads.
 *
 * @throws TerminalError FILE_CHANGED or FILE_MISSING for a file in place, STAGING_MISSING for a staged one
 */
export async function verifyParts(parts: readonly Part[], stagingRoot: string): Promise<void> {
  for (const part of parts) await (path.isAbsolute(part.path) ? verifyInPlace(part) : verifyStaged(part, stagingRoot));
}

async function verifyInPlace(part: Part): Promise<void> {
  const name = part.origin ?? part.path;
  const stats = await stat(part.path, { bigint: true }).catch(() => undefined);
  if (stats === undefined) {
    throw new TerminalError(
      'FILE_MISSING',
      `"${name}" was there when a step referred to it, and is gone or out of reach now (${part.path}). Put it back, or retry the run from its extract step.`,
    );
  }
  const fingerprint = `${stats.size}-${stats.mtimeNs}`;
  if (fingerprint === part.fingerprint) return;
  throw new TerminalError(
    'FILE_CHANGED',
    `"${name}" was changed after a step had referred to it: it was ${describeStamp(part.fingerprint)}, it is ${describeStamp(fingerprint)}. Retry the run from its extract step, or extract with copy: true.`,
  );
}

async function verifyStaged(part: Part, stagingRoot: string): Promise<void> {
  const stats = await stat(resolvePath(stagingRoot, part.path)).catch(() => undefined);
  if (stats?.size === part.bytes) return;
  const what = stats === undefined ? 'is gone' : `has ${stats.size} bytes instead of ${part.bytes}`;
  throw new TerminalError(
    'STAGING_MISSING',
    `The staged file ${part.path} below ${stagingRoot} ${what}. Retry the run from the step that made the dataset.`,
  );
}

function describeStamp(fingerprint: string): string {
  const [size, mtimeNs] = fingerprint.split('-');
  return `${size} bytes of ${new Date(Number(BigInt(mtimeNs ?? 0) / 1_000_000n)).toISOString()}`;
}
