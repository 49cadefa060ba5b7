/** A `postgres://` URL taken apart, so that both drivers are told the same. */
export interface ServerAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** libpq's parameters besides: `sslmode`, `sslrootcert` … */
  readonly parameters: Readonly<Record<string, string>>;
}

const PARAMETERS = new Set(['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'connect_timeout', 'options']);
const SSL_MODES = new Set(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']);

/**
 * Takes a URL apart.
 * @throws RangeError with a message fit for people, never holding the URL, when a part is missing or unknown
 */
export function parseConnectionUrl(text: string): ServerAddress {
  if (!URL.canParse(text)) throw new RangeError('is not a postgres:// URL');
  const url = new URL(text);
  if (!['postgres:', 'postgresql:'].includes(url.protocol)) throw new RangeError('must begin with postgres://');
  const parameters = Object.fromEntries(url.searchParams);
  const { host: socket, ...others } = parameters;
  const unknown = Object.keys(others).filter((name) => !PARAMETERS.has(name));
  if (unknown.length > 0)
    throw new RangeError(`has the unknown parameter ${unknown.join(', ')}; known are host, ${[...PARAMETERS].join(', ')}`);
  if (others['sslmode'] !== undefined && !SSL_MODES.has(others['sslmode']))
    throw new RangeError(`has an unknown sslmode; known are ${[...SSL_MODES].join(', ')}`);
  const user = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  const host = socket ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
  if (user === '') throw new RangeError('names no user');
  return {
    host: host === '' ? 'localhost' : host,
    port: url.port === '' ? 5432 : Number(url.port),
    user,
    password: decodeURIComponent(url.password),
    database,
    parameters: others,
  };
}

/** What must never be shown: the password, as it is and as a URL writes it. */
export function secretsOf(address: ServerAddress): string[] {
  return [...new Set([address.password, encodeURIComponent(address.password)])].filter((secret) => secret !== '');
}

/** The server as people name it, without user or password: `db.example.com:5432/shop`. */
export function describeServer(address: ServerAddress): string {
  return `${address.host}:${address.port}/${address.database}`;
}
