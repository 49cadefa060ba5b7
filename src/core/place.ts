const REMOTE = /^s3:\/\//i;

/** Whether a root or a path is in an object store: `s3://bucket/…`. */
export function isRemote(place: string): boolean {
  return REMOTE.test(place);
}

/** Whether a part's path says all by itself where the data is: absolute on disk, or in an object store. */
export function isInPlace(path: string): boolean {
  return path.startsWith('/') || isRemote(path);
}
