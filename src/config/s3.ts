import type { Configurable } from './env.js';

/** How an object store is reached: Amazon S3, or any server that speaks its protocol. */
export interface S3Options {
  /** The server's URL, as `https://minio.example.com:9000`. @default Amazon's for the region */
  readonly endpoint?: Configurable;
  /** The bucket's region. @default that of AWS' own environment and config files; `us-east-1` where there is an endpoint */
  readonly region?: Configurable;
  /** Goes with `secretAccessKey`. @default AWS' own chain: environment, config files, web identity, the machine's role */
  readonly accessKeyId?: Configurable;
  /** Usually `env('…')`. */
  readonly secretAccessKey?: Configurable;
  /** Of credentials that expire. */
  readonly sessionToken?: Configurable;
  /** Where the bucket's name goes: `path` in the URL's path, `vhost` in the host's name. @default `path` where there is an endpoint */
  readonly urlStyle?: 'path' | 'vhost';
}
