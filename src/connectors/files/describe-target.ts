import type { CallContext, LoadRequest, TargetDescription } from '../contract.js';
import type { FilePlace } from './errors.js';
import { fitColumns } from './fit-columns.js';
import type { Layout } from './layout.js';
import type { TargetManifest } from './manifest.js';

interface FoundTarget {
  readonly request: LoadRequest;
  readonly context: CallContext;
  readonly place: FilePlace;
  readonly layout: Layout;
  readonly exists: boolean;
  readonly manifest: TargetManifest | undefined;
}

/** What a load of a file would find and do. Throws as the load does. */
export async function describeFiles(found: FoundTarget): Promise<TargetDescription> {
  const { request, context, place, layout, exists, manifest } = found;
  const fit = await fitColumns({ request, context, place, layout }, manifest);
  const newest = manifest?.files.toSorted((a, b) => (a.committedAt < b.committedAt ? 1 : -1))[0];
  const isAppend = request.mode === 'append' && newest !== undefined;
  return {
    target: `${request.connection}.${request.target}`,
    exists,
    columns: isAppend ? newest.columns : fit.request.columns.map(({ name, type }) => ({ name, type })),
    changes: fit.changes ?? [],
  };
}
