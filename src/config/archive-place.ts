import path from 'node:path';
import { isRemote } from '../core/place.js';
import type { Environment } from './environment.js';
import type { Project } from './project.js';
import { resolveText, resolveTexts } from './resolve-env.js';

/** The archive as the config has it. */
export interface ArchiveSettings {
  /** A folder (absolute) or `s3://…`. @default `archive` in staging */
  readonly root?: string;
  /** Reading it throws ENV_MISSING where a variable is not set. It holds the keys. */
  readonly s3?: Readonly<Record<string, unknown>>;
}

/** @throws TerminalError ENV_MISSING, ENV_INVALID */
export function archiveSettings({ archive }: Project, root: string, environment: Environment): ArchiveSettings | false {
  if (archive === false) return false;
  const { root: written, s3 } = archive ?? {};
  const place = written === undefined ? undefined : resolveText(written, 'archive.root', environment).replace(/\/+$/, '');
  return {
    ...(place !== undefined && { root: isRemote(place) ? place : path.resolve(root, place) }),
    get s3() {
      return s3 && resolveTexts({ ...s3 }, 'archive.s3', environment);
    },
  };
}

/** Where a project's archive is; `undefined` for a project that keeps none. Of a bucket, with its keys. */
export function archivePlace({
  archive,
  staging,
}: {
  readonly archive: ArchiveSettings | false;
  readonly staging: { readonly root: string; readonly s3?: Readonly<Record<string, unknown>> };
}): { readonly root: string; readonly s3?: Readonly<Record<string, unknown>> | undefined } | undefined {
  if (archive === false) return undefined;
  if (archive.root !== undefined) return { root: archive.root, s3: archive.s3 };
  const root = isRemote(staging.root) ? `${staging.root}/archive` : path.join(staging.root, 'archive');
  return { root, s3: staging.s3 };
}
