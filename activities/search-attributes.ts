import type { Context } from '@temporalio/activity';
import { SEARCH_ATTRIBUTES } from '../src/core/admission.js';
import { messageOf } from '../src/core/errors.js';

/** Temporal's number for the type Keyword. */
const KEYWORD = 2;
const LIFETIME_MS = 60_000;

const known = new Map<string, { readonly at: number; readonly names: readonly string[] }>();
const warned = new Set<string>();

/**
 * Which of Millrace's search attributes the server has, by name and type. Asked outside the workflow, at most once a
 * minute a namespace: a workflow that sets one the server lacks would stay running for ever. What is missing is told in one
 * warning of the worker; its runs go without.
 */
export async function knownSearchAttributes(context: Context): Promise<readonly string[]> {
  const { namespace } = context.info;
  const cached = known.get(namespace);
  if (cached && Date.now() - cached.at < LIFETIME_MS) return cached.names;
  const names = await ask(context, namespace);
  known.set(namespace, { at: Date.now(), names });
  return names;
}

async function ask(context: Context, namespace: string): Promise<readonly string[]> {
  const wanted = Object.values(SEARCH_ATTRIBUTES);
  try {
    const { customAttributes } = await context.client.connection.operatorService.listSearchAttributes({ namespace });
    const present = wanted.filter((name) => Number(customAttributes?.[name]) === KEYWORD);
    const missing = wanted.filter((name) => !present.includes(name));
    if (missing.length > 0) {
      const names = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
      const add = `temporal operator search-attribute create --namespace ${namespace} ${names}`;
      warnOnce(context, namespace, `lacks the search attributes ${missing.join(', ')} (type Keyword). To add them: ${add}`);
    }
    return present;
  } catch (error) {
    // Not allowed, or not offered.
    warnOnce(context, namespace, `does not tell its search attributes: ${messageOf(error)}`);
    return [];
  }
}

function warnOnce(context: Context, namespace: string, what: string): void {
  if (warned.has(namespace)) return;
  warned.add(namespace);
  context.log.warn(`The Temporal namespace "${namespace}" ${what}. Runs go without; they can't be found by them.`);
}
