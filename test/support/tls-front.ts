import {
  connect,
  createSecureServer,
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Certificate } from './certificates.js';

export interface TlsFrontOptions {
  /** The plain gRPC address behind it. */
  readonly upstream: string;
  readonly server: Certificate;
  /** Ask for client certificates by this authority (PEM), and refuse others. */
  readonly clientAuthority?: string;
  /** Refuse calls without this API key. */
  readonly apiKey?: string;
  /** Calls to refuse as not permitted, by the end of their path: `OperatorService/AddSearchAttributes`. */
  readonly forbidden?: readonly string[];
}

export interface TlsFront {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const { HTTP2_HEADER_STATUS, HTTP2_HEADER_PATH } = constants;
const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;

/** Puts TLS in front of a plain gRPC server, as a load balancer does: HTTP/2 is ended here and spoken anew behind. */
export async function openTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const upstream = connect(`http://${options.upstream}`);
  upstream.on('error', () => undefined);
  const sessions = new Set<ServerHttp2Session>();
  const front = createSecureServer({
    cert: options.server.cert,
    key: options.server.key,
    ...(options.clientAuthority !== undefined && { ca: options.clientAuthority, requestCert: true, rejectUnauthorized: true }),
  });
  front.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined).on('close', () => sessions.delete(session));
  });
  front.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const refusal = refuse(options, headers);
    if (refusal) return refusal(stream);
    const call = upstream.request(headers);
    let trailers: IncomingHttpHeaders = {};
    call.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    call.on('response', (answer, flags) => {
      if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) stream.respond(answer, { endStream: true });
      else stream.respond(answer, { waitForTrailers: true });
    });
    call.on('trailers', (received) => void (trailers = received));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('aborted', () => call.close(constants.NGHTTP2_CANCEL));
    stream.pipe(call).pipe(stream);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const address = front.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    async close() {
      upstream.destroy();
      for (const session of sessions) session.destroy();
      await new Promise<void>((resolve) => void front.close(() => resolve()));
    },
  };
}

function refuse(
  { apiKey, forbidden }: TlsFrontOptions,
  headers: IncomingHttpHeaders,
): ((stream: ServerHttp2Stream) => void) | undefined {
  if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) return answerWith(UNAUTHENTICATED, 'unknown API key');
  const path = String(headers[HTTP2_HEADER_PATH]);
  return forbidden?.some((end) => path.endsWith(end)) ? answerWith(PERMISSION_DENIED, 'not for you') : undefined;
}

function answerWith(status: number, message: string): (stream: ServerHttp2Stream) => void {
  const headers = {
    [HTTP2_HEADER_STATUS]: 200,
    'content-type': 'application/grpc',
    'grpc-status': String(status),
    'grpc-message': message,
  };
  return (stream) => stream.respond(headers, { endStream: true });
}
