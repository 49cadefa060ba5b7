import { stat } from 'node:fs/promises';
import { TerminalError } from '../../core/errors.js';
import type { OpenConnector } from '../contract.js';
import { parseOptions } from '../parse-options.js';
import { filesDestination } from './destination.js';
import { translateFileError } from './errors.js';
import { filesOptions } from './options.js';
import { filesSource } from './source.js';
import { fileForTable } from './table-file.js';

/** A folder of files as a connection. */
export const openFiles: OpenConnector = (name, options) => {
  const { root } = parseOptions(filesOptions, 'files', name, options);
  return {
    kind: 'files',
    secrets: [],
    source: filesSource(name, root),
    destination: { ...filesDestination(name, root), targetFor: fileForTable },
    async check() {
      const stats = await stat(root).catch((error: unknown) => {
        throw translateFileError(error, { connection: name, path: root });
      });
      if (!stats.isDirectory())
        throw new TerminalError(
          'FILE_MISSING',
          `The root of connection "${name}", ${root}, is not a folder. Correct \`root\` in the config.`,
        );
      return `folder ${root}`;
    },
    close: () => Promise.resolve(),
  };
};
