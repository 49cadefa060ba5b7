/** What a value takes as JSON, in bytes: so Temporal counts what a workflow hands on. */
export function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
