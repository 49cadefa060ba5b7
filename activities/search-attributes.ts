import type { Context } from '@temporalio/activity';
import { SEARCH_ATTRIBUTES } from '../src/core/admission.js';

/** Temporal's number for the type Keyword. */
const KEYWORD = 2;
const LIFETIME_MS = 60_000;

const known = new Map<string, { readonly at: number; readonly names: readonly string[] }>();

/**
 * Which of Millrace's search attributes the server has, by name and type. Asked outside the workflow, at most once a
 * minute a namespace: a workflow that sets one the server lacks would stay running for ever.
 */
export async function knownSearchAttributes(context: Context): Promise<readonly string[]> {
  const { namespace } = context.info;
  const cached = known.get(namespace);
  if (cached && Date.now() - cached.at < LIFETIME_MS) return cached.names;
  try {
    const { customAttributes } = await context.client.connection.operatorService.listSearchAttributes({ namespace });
    const names = Object.values(SEARCH_ATTRIBUTES).filter((name) => Number(customAttributes?.[name]) === KEYWORD);
    known.set(namespace, { at: Date.now(), names });
    return names;
  } catch (error) {
    // Not allowed, or not offered: runs work without them.
    context.log.warn('The server does not tell its search attributes; runs go without', { error });
    return [];
  }
}
