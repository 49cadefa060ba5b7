/** A time as Temporal's messages hold it. */
export interface RawTime {
  readonly seconds?: { toString(): string } | null;
  readonly nanos?: number | null;
}

/** A time of Temporal's as the catalog writes times. */
export function isoTime(time: RawTime | null | undefined): string {
  const seconds = Number(time?.seconds?.toString() ?? 0);
  return new Date(seconds * 1000 + Math.floor((time?.nanos ?? 0) / 1e6)).toISOString();
}
