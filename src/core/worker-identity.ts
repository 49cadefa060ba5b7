/** Who a worker is. As text it is what Temporal shows of it, and what the catalog and manifests keep: `4711@host/3f9a2c1b`. */
export interface WorkerIdentity {
  readonly pid: number;
  readonly host: string;
  /** The id of the staging that it works with; absent where it could not be found out, and of earlier versions. */
  readonly staging?: string | undefined;
}

export function formatWorkerIdentity({ pid, host, staging }: WorkerIdentity): string {
  return staging === undefined ? `${pid}@${host}` : `${pid}@${host}/${staging}`;
}

/** `undefined` for what is no worker of Millrace. */
export function parseWorkerIdentity(text: string): WorkerIdentity | undefined {
  const [, pid, host, staging] = /^(\d+)@([^/]+)(?:\/([0-9a-f]+))?$/.exec(text) ?? [];
  if (pid === undefined || host === undefined) return undefined;
  return { pid: Number(pid), host, ...(staging !== undefined && { staging }) };
}
