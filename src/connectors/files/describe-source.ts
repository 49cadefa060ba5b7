import type { CallContext, ExtractOptions, SourceDescription } from '../contract.js';
import type { FoundFile } from './file-tree.js';
import { agreeOnColumns, inspectFile, isJson, selectColumns, type InspectedFile, type Place } from './inspect-files.js';

/** What would be read of these files. */
export async function describeFound(
  { connection, tree }: Place,
  found: readonly FoundFile[],
  options: ExtractOptions,
  context: CallContext,
): Promise<SourceDescription> {
  const told = {
    from: options.path ?? '',
    files: found.map(({ origin, sizeBytes }) => ({ name: origin, bytes: sizeBytes })),
    bytes: found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    isEstimate: false,
  };
  // What JSON values are shows at their end only.
  if (isJson(connection, found, options)) return { ...told, columns: null, isText: false, rows: null };
  const files: InspectedFile[] = [];
  for (const file of found) files.push(await inspectFile({ connection, tree }, file, options, context, { isRead: false }));
  const parts = files.map(({ part }) => part);
  return {
    ...told,
    columns: selectColumns(connection, found, agreeOnColumns(connection, files), options),
    isText: parts.some(({ format }) => format === 'csv'),
    rows: parts.some((part) => part.rows === null) ? null : parts.reduce((sum, part) => sum + (part.rows ?? 0), 0),
  };
}
