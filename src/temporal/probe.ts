import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** TLS as a connection's options carry it: off, on with the system's authorities, or with these settings. */
export type TlsSettings =
  | boolean
  | null
  | undefined
  | {
      readonly serverNameOverride?: string | null;
      readonly serverRootCACertificate?: Uint8Array;
      readonly clientCertPair?: { readonly crt: Uint8Array; readonly key: Uint8Array };
    };

/**
 * What stands at an address: nothing that answers, something that does not speak TLS, something that does with what came
 * of the handshake, or a server that both sides accept.
 */
export type Probed =
  | { readonly kind: 'silent'; readonly reason: string }
  | { readonly kind: 'plain' }
  | { readonly kind: 'tls-refused'; readonly code: string; readonly reason: string; readonly byServer: boolean }
  | { readonly kind: 'ready' };

/** Some servers say so, instead of sending an alert, when they do not like the client's certificate. */
const HUNG_UP: Probed = {
  kind: 'tls-refused',
  code: 'HUNG_UP_CERTIFICATE',
  reason: 'the server closed the connection after the handshake',
  byServer: true,
};

const TIMEOUT_MS = 2_500;
const PORT = 7233;

/**
 * Looks at an address with Node's own sockets, since gRPC's errors do not tell a wrong certificate from a server that is
 * not there. Ends within 3 s; sends no credentials but the client certificate.
 */
export async function probe(address: string, tls: TlsSettings): Promise<Probed> {
  const { host, port } = splitAddress(address);
  return tls ? probeTls(host, port, tls === true ? {} : tls) : probePlain(host, port);
}

/** Whether what stands at the address speaks TLS, whoever it is. */
export async function speaksTls(address: string): Promise<boolean> {
  const { host, port } = splitAddress(address);
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'], timeout: TIMEOUT_MS });
    const end = (speaks: boolean): void => {
      socket.destroy();
      resolve(speaks);
    };
    socket.once('secureConnect', () => end(true));
    // A server that insists on a client certificate may say so in the handshake: that is TLS too.
    socket.once('error', (error: NodeJS.ErrnoException) => end(/ALERT/.test(error.code ?? '')));
    socket.once('timeout', () => end(false)).once('close', () => end(false));
  });
}

type TlsObject = Exclude<TlsSettings, boolean | null | undefined>;

function probeTls(host: string, port: number, tls: TlsObject): Promise<Probed> {
  const name = tls.serverNameOverride ?? undefined;
  const options: ConnectionOptions = {
    host,
    port,
    ALPNProtocols: ['h2'],
    timeout: TIMEOUT_MS,
    ...(name !== undefined && { servername: name }),
    ...(tls.serverRootCACertificate && { ca: Buffer.from(tls.serverRootCACertificate) }),
    ...(tls.clientCertPair && { cert: Buffer.from(tls.clientCertPair.crt), key: Buffer.from(tls.clientCertPair.key) }),
  };
  return new Promise((resolve) => {
    const socket = connectTls(options);
    let secure = false;
    const end = (found: Probed): void => {
      socket.destroy();
      resolve(found);
    };
    // With TLS 1.3 the server looks at the client's certificate after the client has seen the handshake through. Its first
    // words, HTTP/2's settings, are the sign that it is content.
    socket.once('secureConnect', () => void (secure = true)).once('data', () => end({ kind: 'ready' }));
    socket.once('error', (error: NodeJS.ErrnoException) => end(readTlsError(error, secure)));
    socket.once('timeout', () => end(secure ? { kind: 'ready' } : { kind: 'silent', reason: `nothing in ${TIMEOUT_MS} ms` }));
    socket.once('close', () => end(secure ? HUNG_UP : { kind: 'silent', reason: 'it closed the connection' }));
  });
}

function readTlsError(error: NodeJS.ErrnoException, secure: boolean): Probed {
  const code = error.code ?? '';
  if (secure && code === 'ECONNRESET') return HUNG_UP;
  const byServer = /ALERT/.test(code);
  const isTls = byServer || secure || /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_|SELF_SIGNED|DEPTH_ZERO)/.test(code);
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH|UNKNOWN_PROTOCOL/.test(code)) return { kind: 'plain' };
  if (!isTls) return { kind: 'silent', reason: error.message || code };
  return { kind: 'tls-refused', code, reason: error.message, byServer };
}

function probePlain(host: string, port: number): Promise<Probed> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: TIMEOUT_MS });
    const end = (found: Probed): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end({ kind: 'ready' }));
    socket.once('error', (error: NodeJS.ErrnoException) => end({ kind: 'silent', reason: error.message || String(error.code) }));
    socket.once('timeout', () => end({ kind: 'silent', reason: `nothing in ${TIMEOUT_MS} ms` }));
  });
}

function splitAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+))(?::(?<port>\d+))?$/.exec(address);
  return { host: match?.groups?.['six'] ?? match?.groups?.['host'] ?? address, port: Number(match?.groups?.['port'] ?? PORT) };
}
