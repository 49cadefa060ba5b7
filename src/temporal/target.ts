import {
  loadClientConfigProfile,
  toClientOptions,
  type ClientConfigProfile,
  type ClientConnectConfig,
} from '@temporalio/envconfig';
import { messageOf, TerminalError } from '../core/errors.js';

/** Which server, and which namespace on it. */
export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  /** TLS, API key and metadata, as the environment and Temporal's config file say. */
  readonly options: Readonly<Omit<ClientConnectConfig['connectionOptions'], 'address'>>;
}

/** What the command line says; each comes before the variable and the config file. */
export interface TargetOverrides {
  readonly address?: string;
  readonly namespace?: string;
  readonly profile?: string;
}

/**
 * The server that `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_PROFILE` and the other variables of Temporal's own
 * tools, or Temporal's config file, name. CLI, worker and development all ask here.
 *
 * @throws TerminalError CONFIG_INVALID when that file or a certificate cannot be read, the file lacks the profile, or half of
 * a client certificate is set
 */
export function temporalTarget(overrides: TargetOverrides = {}): TemporalTarget {
  try {
    const profile = loadClientConfigProfile(overrides.profile === undefined ? {} : { profile: overrides.profile });
    const { connectionOptions, namespace } = toClientOptions(profile);
    const { address: configured, ...options } = connectionOptions;
    const address = overrides.address ?? configured ?? '127.0.0.1:7233';
    if (address.includes('://')) throw new Error(`the address is ${address}; write host:port, without a scheme`);
    const half = halfCertificate(profile);
    if (half) throw new Error(half);
    refuseUnsendable(options);
    return { address, namespace: overrides.namespace ?? namespace ?? 'default', options };
  } catch (error) {
    // A syntax error in the config file quotes the lines around it, an API key's among them: neither shown nor kept as cause.
    const line = (error as { line?: unknown }).line;
    const reason = `${messageOf(error).split('\n')[0]}${typeof line === 'number' ? ` (line ${line})` : ''}`;
    const message = `Temporal's connection settings cannot be used: ${reason}. Correct the TEMPORAL_ variables or Temporal's config file.`;
    throw new TerminalError('CONFIG_INVALID', message);
  }
}

// gRPC would say so with the whole key in its message.
function refuseUnsendable({ apiKey, metadata }: TemporalTarget['options']): void {
  const isUnsendable = (value: unknown): boolean => typeof value === 'string' && /[^\x20-\x7e]/.test(value);
  const why = 'holds a line break or another character that cannot be sent';
  if (isUnsendable(apiKey)) throw new Error(`the API key ${why}`);
  const name = Object.entries(metadata ?? {}).find(([, value]) => isUnsendable(value))?.[0];
  if (name !== undefined) throw new Error(`the metadata "${name}" ${why}`);
}

// Temporal's library takes half of a pair for none, and connects without.
function halfCertificate({ tls }: ClientConfigProfile): string | undefined {
  if (!tls || tls.disabled === true || !tls.clientCert === !tls.clientKey) return undefined;
  const [given, missing] = tls.clientCert
    ? ['certificate', 'key (TEMPORAL_TLS_CLIENT_KEY_PATH)']
    : ['key', 'certificate (TEMPORAL_TLS_CLIENT_CERT_PATH)'];
  return `a client ${given} is set without its ${missing}`;
}
