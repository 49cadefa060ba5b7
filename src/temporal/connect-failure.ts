import { TerminalError, TransientError } from '../core/errors.js';
import { GRPC, grpcCode, grpcReason } from './grpc-status.js';
import { probe, speaksTls, type Probed } from './probe.js';
import type { TemporalTarget } from './target.js';

/**
 * What a failed connection means to the person who meets it. Looks at the address once more, to tell a server that is not
 * there from a wrong certificate; takes 6 s at most.
 *
 * @returns TEMPORAL_UNREACHABLE, TEMPORAL_TLS, CREDENTIALS_REJECTED
 */
export async function connectFailure(target: TemporalTarget, error: unknown): Promise<Error> {
  const { address, options } = target;
  const code = grpcCode(error);
  if (code === GRPC.permissionDenied || code === GRPC.unauthenticated) return refused(target, error);
  const found = await probe(address, options.tls);
  if (found.kind === 'silent') return unreachable(address, found.reason, error);
  const other = `something listens there, but it does not answer as Temporal does (${withoutSecret(grpcReason(error), options.apiKey)})`;
  return (await tlsTrouble(target, found, error)) ?? unreachable(address, other, error);
}

/**
 * What is wrong with TLS at an address, if anything is: TEMPORAL_TLS.
 *
 * @param found what stands there @default it is looked at now
 */
export async function tlsTrouble(target: TemporalTarget, found?: Probed, cause?: unknown): Promise<Error | undefined> {
  const { address, options } = target;
  const seen = found ?? (await probe(address, options.tls));
  if (seen.kind === 'plain') {
    const why = options.apiKey === undefined ? 'TLS is on' : 'an API key is set, which turns TLS on';
    return tlsFailure(
      address,
      `${why}, and the server speaks none. Set TEMPORAL_TLS=false, or name the port that speaks TLS`,
      cause,
    );
  }
  if (seen.kind === 'tls-refused') return tlsFailure(address, explain(seen, target), cause);
  if (seen.kind === 'silent' || options.tls || !(await speaksTls(address))) return undefined;
  const ways = 'TEMPORAL_TLS=true, with TEMPORAL_TLS_SERVER_CA_CERT_PATH for an authority of your own';
  return tlsFailure(address, `the server speaks TLS, and TLS is off here. Set ${ways}`, cause);
}

function refused({ address, options }: TemporalTarget, error: unknown): Error {
  const what = options.apiKey === undefined ? 'No API key is set: set TEMPORAL_API_KEY' : 'Correct TEMPORAL_API_KEY';
  const message = `The Temporal server at ${address} refuses the credentials: ${withoutSecret(grpcReason(error), options.apiKey)}. ${what}, or name another --profile.`;
  return new TerminalError('CREDENTIALS_REJECTED', message, { address }, { cause: error });
}

function unreachable(address: string, reason: string, error: unknown): Error {
  const message = `No Temporal server answers at ${address}: ${reason}. Start one with \`millrace dev\` or \`docker compose up\`, or set TEMPORAL_ADDRESS.`;
  return new TransientError('TEMPORAL_UNREACHABLE', message, { address }, { cause: error });
}

function tlsFailure(address: string, what: string, cause: unknown): Error {
  const message = `TLS with the Temporal server at ${address} failed: ${what}.`;
  return new TerminalError('TEMPORAL_TLS', message, { address }, { cause });
}

const OWN_AUTHORITY = 'TEMPORAL_TLS_SERVER_CA_CERT_PATH';

function explain(found: Probed & { kind: 'tls-refused' }, { options }: TemporalTarget): string {
  const { code, reason, byServer } = found;
  const tls = typeof options.tls === 'object' && options.tls !== null ? options.tls : {};
  if (byServer && /CERTIFICATE|UNKNOWN_CA|HANDSHAKE/.test(code)) {
    return tls.clientCertPair
      ? `the server does not accept the client certificate (${reason}). Check TEMPORAL_TLS_CLIENT_CERT_PATH: its authority and its dates`
      : 'the server wants a client certificate. Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH';
  }
  if (code === 'CERT_HAS_EXPIRED')
    return "the server's certificate has expired. Renew it on the server, or check this machine's clock";
  if (code === 'CERT_NOT_YET_VALID') return "the server's certificate is not valid yet. Check this machine's clock";
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the server's certificate is for another name (${reason}). Use that name in TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME`;
  }
  if (/UNABLE_TO|SELF_SIGNED|CERT_UNTRUSTED|CERT_SIGNATURE/.test(code)) {
    return tls.serverRootCACertificate
      ? `the server's certificate is not by the authority in ${OWN_AUTHORITY} (${reason}). Name the authority's certificate`
      : `the server's certificate is by an authority this machine does not know (${reason}). Name its certificate in ${OWN_AUTHORITY}`;
  }
  return `${reason}. Check the TEMPORAL_TLS_ variables`;
}

function withoutSecret(text: string, secret: unknown): string {
  return typeof secret === 'string' && secret !== '' ? text.replaceAll(secret, '***') : text;
}
