import { arch } from 'node:process';
import path from 'node:path';

/** What a peer is given to do. */
export interface PeerTask {
  /** The folder with its packages. */
  readonly packages: string;
  /** Where it may keep what it keeps. */
  readonly scratch: string;
  readonly table: string;
  /** `load`: the file. */
  readonly csv: string;
  /** `merge`: rows of the shop that carry it, or a later one, have changed. */
  readonly since: string;
  readonly warehouse: string;
  /** `merge`: where the changes are. */
  readonly shop: string;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

type Work = (task: PeerTask) => Command;

/** Another tool that does the same work, in the fastest configuration that we know of. */
export interface Peer {
  readonly name: string;
  readonly requirements: readonly string[];
  readonly load: Work;
  readonly merge: Work;
}

const script = (name: string): string => path.join(import.meta.dirname, name);

export const PEERS: readonly Peer[] = [
  {
    name: 'dlt 1.31.0',
    requirements: ['dlt[postgres]==1.31.0', 'pyarrow==26.0.1', 'connectorx==0.4.6'],
    load: (task) => dlt(task, 'dlt_load.py', task.csv),
    merge: (task) => dlt(task, 'dlt_merge.py', task.since),
  },
  {
    // The newest whose program is on PyPI; later ones fetch it from elsewhere.
    name: 'Sling 1.4.11',
    requirements: [`sling-linux-${arch === 'arm64' ? 'arm64' : 'amd64'}==1.4.11`],
    load: (task) => sling(task, ['--src-stream', `file://${task.csv}`, '--mode', 'full-refresh']),
    merge: (task) => {
      const query = `select * from public.orders where updated_at >= '${task.since}'`;
      return sling(task, ['--src-conn', 'SHOP', '--src-stream', query, '--mode', 'incremental', '--primary-key', 'o_orderkey']);
    },
  },
];

function dlt({ packages, scratch, table, warehouse, shop }: PeerTask, name: string, what: string): Command {
  const environment = { PYTHONPATH: packages, RUNTIME__DLTHUB_TELEMETRY: 'false', WAREHOUSE_URL: warehouse, SHOP_URL: shop };
  return { program: 'python3', args: [script(name), what, 'public', table, path.join(scratch, 'dlt')], environment };
}

function sling({ packages, scratch, table, warehouse, shop }: PeerTask, args: readonly string[]): Command {
  const folder = `sling_linux_${arch === 'arm64' ? 'arm64' : 'amd64'}`;
  return {
    program: path.join(packages, folder, 'bin', folder.replaceAll('_', '-')),
    args: ['run', ...args, '--tgt-conn', 'WAREHOUSE', '--tgt-object', `public.${table}`],
    environment: {
      SLING_HOME_DIR: path.join(scratch, 'sling'),
      SLING_DISABLE_TELEMETRY: 'true',
      WAREHOUSE: `${warehouse}?sslmode=disable`,
      SHOP: `${shop}?sslmode=disable`,
    },
  };
}
