import { stat } from 'node:fs/promises';
import { MillraceError, TerminalError } from '../../core/errors.js';
import { requireConditionalWrites } from '../../object-store/conditional.js';
import { openStore, type ObjectStore } from '../../object-store/store.js';
import type { Connector, OpenConnector } from '../contract.js';
import { parseOptions } from '../parse-options.js';
import { bucketDestination } from './bucket-destination.js';
import { bucketTree } from './bucket-tree.js';
import { filesDestination } from './destination.js';
import { translateFileError } from './errors.js';
import { folderTree } from './folder-tree.js';
import { LEDGER_FOLDER } from './ledger.js';
import { filesOptions } from './options.js';
import { filesSource } from './source.js';
import { fileForTable } from './table-file.js';

/** A folder of files, or a bucket of them, as a connection. */
export const openFiles: OpenConnector = (name, options) => {
  const { root, s3 } = parseOptions(filesOptions(options), 'files', name, options);
  if (typeof root === 'string') return openFolder(name, root);
  return openBucket(name, openStore({ location: root, options: s3 ?? {} }, `connection "${name}"`));
};

function openFolder(name: string, root: string): Connector {
  return {
    kind: 'files',
    secrets: [],
    source: filesSource(name, folderTree(root)),
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
}

function openBucket(name: string, store: ObjectStore): Connector {
  return {
    kind: 'files',
    extensions: ['httpfs'],
    secrets: store.secrets,
    source: filesSource(name, bucketTree(name, store)),
    destination: { ...bucketDestination(name, store), targetFor: fileForTable },
    async check({ signal }) {
      for await (const _ of store.list('', signal)) break;
      const server = store.place.options.endpoint ?? 'Amazon S3';
      return `${store.url()} at ${server}${(await isReadOnly(store)) ? ', read only' : ''}`;
    },
    close: () => store.close(),
  };
}

/** Whether the key may not write; one that may is no use with a server that does not heed conditions. */
async function isReadOnly(store: ObjectStore): Promise<boolean> {
  try {
    await requireConditionalWrites(store, LEDGER_FOLDER);
    return false;
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'FILE_DENIED') return true;
    throw error;
  }
}
