import { SEARCH_ATTRIBUTES } from '../core/admission.js';
import { messageOf } from '../core/errors.js';
import type { TemporalClient } from './connect.js';

/** Temporal's number for the type Keyword. */
const KEYWORD = 2;

export interface SearchAttributesReport {
  /** Those that runs may set. */
  readonly present: readonly string[];
  /** Why some are missing; runs work without them. */
  readonly warning?: string;
}

/** Makes sure that the server knows the search attributes of runs, as far as it allows. Never throws. */
export async function ensureSearchAttributes({ client, namespace }: TemporalClient): Promise<SearchAttributesReport> {
  const wanted = Object.values(SEARCH_ATTRIBUTES);
  const { operatorService } = client.connection;
  let present: readonly string[] = [];
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    present = wanted.filter((name) => Number(customAttributes?.[name]) === KEYWORD);
    const missing = wanted.filter((name) => customAttributes?.[name] === undefined);
    const otherType = wanted.filter((name) => !present.includes(name) && !missing.includes(name));
    if (missing.length > 0) {
      await operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
      });
    }
    const usable = [...present, ...missing];
    if (otherType.length === 0) return { present: usable };
    return {
      present: usable,
      warning: `The search attributes ${otherType.join(', ')} are not of type Keyword on this server: runs go without them.`,
    };
  } catch (error) {
    const missing = wanted.filter((name) => !present.includes(name));
    const add = `temporal operator search-attribute create ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}`;
    return {
      present,
      warning: `The server did not take the search attributes ${missing.join(', ')}: ${messageOf(error)}. Runs go without them; to add them: ${add}`,
    };
  }
}
