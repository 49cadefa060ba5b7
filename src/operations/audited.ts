import { randomBytes } from 'node:crypto';
import type { Caller } from '../access/caller.js';
import { HOOKS, OPERATIONS, pathFields, type HookId, type Operation, type OperationId } from '../api/index.js';
import type { AuditEnded } from '../catalog/access-facts.js';
import type { Catalog } from '../catalog/index.js';
import { MillraceError } from '../core/errors.js';

/** What is kept of what was asked, and of what came of it; longer ones are cut. */
const MOST_INPUT = 16_384;
const MOST_RESULT = 4_096;

/**
 * Does a change, and writes it to the audit: before, so that nothing is changed without a record, and after, with how it
 * ended. What is refused is written too.
 *
 * @throws TransientError CATALOG_UNAVAILABLE when it can't be written; nothing was changed then
 */
export async function audited<T>(
  catalog: Pick<Catalog, 'beginAudit' | 'endAudit'>,
  caller: Caller,
  asked: { readonly id: OperationId | HookId; readonly input: unknown },
  change: () => Promise<T>,
): Promise<T> {
  const operation: Operation = { ...OPERATIONS, ...HOOKS }[asked.id];
  const id = nextId();
  await catalog.beginAudit({
    id,
    at: new Date().toISOString(),
    actor: caller.name,
    actorKind: caller.kind,
    actorId: caller.id ?? null,
    role: caller.role,
    from: caller.from ?? null,
    requestId: caller.requestId ?? null,
    operation: asked.id,
    target: targetOf(operation, asked.input),
    input: kept(asked.input ?? {}, MOST_INPUT),
  });
  // The change is made or refused by then. A catalog that goes away meanwhile leaves its end unknown, and so it is shown.
  const end = (ended: Omit<AuditEnded, 'endedAt'>): Promise<void> =>
    catalog.endAudit(id, { ...ended, endedAt: new Date().toISOString() }).catch(() => undefined);
  try {
    const result = await change();
    await end({ outcome: 'done', code: null, message: null, ...resultOf(operation, result) });
    return result;
  } catch (error) {
    await end({ ...failureOf(error), result: null, target: null });
    throw error;
  }
}

let lastStamp = 0;

/** An id that sorts by time, also among those that this process makes within a millisecond. */
function nextId(): string {
  lastStamp = Math.max(Date.now(), lastStamp + 1);
  return `${lastStamp.toString(36).padStart(9, '0')}${randomBytes(6).toString('hex')}`;
}

function targetOf(operation: Operation, input: unknown): string | null {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Readonly<Record<string, unknown>>;
  const named = [...pathFields(operation), 'pipeline', 'name', 'version'].map((field) => given[field]);
  const target = named.find((value) => typeof value === 'string');
  return typeof target === 'string' ? target.slice(0, 1100) : null;
}

function resultOf({ secrets = [] }: Operation, result: unknown): Pick<AuditEnded, 'result' | 'target'> {
  if (typeof result !== 'object' || result === null) return { result: null, target: null };
  const told = Object.fromEntries(Object.entries(result).filter(([field]) => !secrets.includes(field)));
  const target = told['workflowId'] ?? told['id'];
  return { result: kept(told, MOST_RESULT), target: typeof target === 'string' ? target : null };
}

function kept(value: unknown, most: number): string {
  const json = JSON.stringify(value);
  return json.length <= most ? json : JSON.stringify({ cut: json.slice(0, most) });
}

/** What can't help to try again was refused; of an error that is not ours nothing is kept: it may hold anything. */
function failureOf(error: unknown): Pick<AuditEnded, 'outcome' | 'code' | 'message'> {
  if (!(error instanceof MillraceError)) return { outcome: 'failed', code: 'INTERNAL', message: null };
  return { outcome: error.retryable ? 'failed' : 'refused', code: error.code, message: error.message };
}
