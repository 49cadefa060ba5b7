/** A bucket, and the beginning of the keys in it that a root stands for. */
export interface Location {
  readonly bucket: string;
  /** Empty, or keys up to and without a `/` at the end. */
  readonly prefix: string;
}

/** Takes `s3://bucket/prefix` apart. @throws RangeError saying what is wrong with it */
export function parseLocation(root: string): Location {
  const match = /^s3:\/\/([^/]*)(?:\/(.*))?$/is.exec(root);
  const bucket = match?.[1] ?? '';
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket)) throw new RangeError('must be s3://bucket or s3://bucket/prefix');
  const prefix = (match?.[2] ?? '').replace(/\/+$/, '');
  if (/^\/|\/\/|(^|\/)\.{1,2}(\/|$)/.test(prefix)) throw new RangeError('has an empty part, `.` or `..` in its prefix');
  return { bucket, prefix };
}

export function urlOf({ bucket, prefix }: Location, key = ''): string {
  return ['s3:/', bucket, prefix, key].filter((part) => part !== '').join('/');
}

/** A key in the bucket, from one below the prefix. */
export function keyIn({ prefix }: Location, key: string): string {
  return prefix === '' ? key : `${prefix}/${key}`;
}
