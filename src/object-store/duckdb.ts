import { createHash } from 'node:crypto';
import type { Session } from '../connectors/contract.js';
import { TerminalError, messageOf } from '../core/errors.js';
import { quoteLiteral } from '../core/filter.js';
import { scrub } from '../core/secrets.js';
import type { ObjectStore } from './store.js';

/** How long DuckDB waits for a server that says nothing, in seconds: a step that is cancelled waits no longer. */
const TIMEOUT_S = 10;

interface Attached {
  readonly root: string;
  readonly server: string;
  readonly done: Promise<void>;
}

const attached = new WeakMap<Session, Attached[]>();

/**
 * Lets a session read and write below the store's root, by httpfs and a secret of its own that is limited to that root.
 *
 * @throws TerminalError CONFIG_INVALID where the session reaches the same keys at another server already
 */
export async function attachStore(session: Session, store: ObjectStore): Promise<void> {
  const root = `${store.url()}/`;
  const server = store.place.options.endpoint ?? 'Amazon S3';
  const known = attached.get(session) ?? [];
  attached.set(session, known);
  const other = known.find((each) => each.server !== server && (each.root.startsWith(root) || root.startsWith(each.root)));
  if (other) {
    throw new TerminalError(
      'CONFIG_INVALID',
      `One step would have to read ${root} at ${server} and ${other.root} at ${other.server}, which DuckDB cannot tell apart. Give one of the buckets another name, or extract with copy: true.`,
    );
  }
  const same = known.find((each) => each.root === root);
  if (same) return same.done;
  const done = attach(session, store, root);
  known.push({ root, server, done });
  return done;
}

async function attach(session: Session, store: ObjectStore, root: string): Promise<void> {
  const connected = await store.connected();
  const { region, pathStyle, endpoint } = connected;
  await session.loadExtension('httpfs');
  const keys = await connected.credentials();
  const parts = {
    KEY_ID: keys.accessKeyId,
    SECRET: keys.secretAccessKey,
    SESSION_TOKEN: keys.sessionToken,
    REGION: region,
    ENDPOINT: endpoint === undefined ? undefined : new URL(endpoint).host,
    USE_SSL: endpoint?.startsWith('http:') === true ? false : undefined,
    URL_STYLE: pathStyle ? 'path' : 'vhost',
    SCOPE: root,
  };
  const list = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${quoteLiteral(value)}`]));
  // Were the statement wrong, DuckDB would print it.
  const hidden = [keys.secretAccessKey, keys.accessKeyId, ...(keys.sessionToken === undefined ? [] : [keys.sessionToken])];
  await session.run(`SET http_timeout = ${TIMEOUT_S}`);
  await session
    .run(`CREATE OR REPLACE SECRET ${secretName(root)} (TYPE s3, PROVIDER config, ${list.join(', ')})`)
    .catch((error: unknown) => {
      throw new TerminalError('CONFIG_INVALID', `DuckDB refuses the options for ${root}: ${scrub(messageOf(error), hidden)}`);
    });
}

function secretName(root: string): string {
  return `millrace_${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
}

/** Whether DuckDB takes the URL for exactly this object: what looks like a pattern or a query it would search for. */
export function isPlainUrl(url: string): boolean {
  return !/[?*[\]{}\\\p{Cc}]/u.test(url);
}
