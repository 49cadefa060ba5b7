import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import type { ServerAddress } from './connection-url.js';

/** How long a connection may take to open, in seconds, unless the URL says otherwise. */
export const CONNECT_TIMEOUT_S = 8;

/** Whether, and how, a connection is encrypted, as `pg` takes it. */
export type Encryption = false | ConnectionOptions;

/** Opens one connection; the caller ends it. Errors are the driver's own. */
export async function connectPostgres(address: ServerAddress, applicationName: string): Promise<pg.Client> {
  return (await connectWithEncryption(address, applicationName)).client;
}

/** Finds out how this server is to be spoken to, for many connections alike. Errors are the driver's own. */
export async function settleEncryption(address: ServerAddress, applicationName: string): Promise<Encryption> {
  const mode = modeOf(address);
  if (!isLenient(mode) || isSocket(address)) return tlsOptions(address, mode);
  const { client, encryption } = await connectWithEncryption(address, applicationName);
  await client.end();
  return encryption;
}

/** What `pg` has to know of a server. */
export function clientOptions(address: ServerAddress, applicationName: string, encryption: Encryption): pg.ClientConfig {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    application_name: applicationName,
    connectionTimeoutMillis: Number(address.parameters['connect_timeout'] ?? CONNECT_TIMEOUT_S) * 1000,
    ...(address.parameters['options'] === undefined ? {} : { options: address.parameters['options'] }),
    ssl: encryption,
  };
}

async function connectWithEncryption(
  address: ServerAddress,
  applicationName: string,
): Promise<{ client: pg.Client; encryption: Encryption }> {
  const mode = modeOf(address);
  const encryption = tlsOptions(address, mode);
  try {
    return { client: await open(address, applicationName, encryption), encryption };
  } catch (error) {
    // libpq's `prefer`: encrypted if the server can, plain if not; `allow` is treated alike.
    if (isLenient(mode) && error instanceof Error && /does not support SSL/i.test(error.message))
      return { client: await open(address, applicationName, false), encryption: false };
    throw error;
  }
}

async function open(address: ServerAddress, applicationName: string, encryption: Encryption): Promise<pg.Client> {
  const client = new pg.Client(clientOptions(address, applicationName, encryption));
  // A connection that breaks while idle shows in its next query; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}

function modeOf(address: ServerAddress): string {
  return address.parameters['sslmode'] ?? 'prefer';
}

function isLenient(mode: string): boolean {
  return mode === 'prefer' || mode === 'allow';
}

function isSocket(address: ServerAddress): boolean {
  return address.host.startsWith('/');
}

/** libpq's meaning of sslmode: `require` encrypts, `verify-ca` checks the issuer, `verify-full` the name as well. */
function tlsOptions(address: ServerAddress, mode: string): Encryption {
  if (mode === 'disable' || isSocket(address)) return false;
  const { sslrootcert, sslcert, sslkey } = address.parameters;
  const verify = mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && sslrootcert !== undefined);
  return {
    rejectUnauthorized: verify,
    ...(sslrootcert === undefined || sslrootcert === 'system' ? {} : { ca: readFileSync(sslrootcert) }),
    ...(sslcert === undefined ? {} : { cert: readFileSync(sslcert) }),
    ...(sslkey === undefined ? {} : { key: readFileSync(sslkey) }),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}
