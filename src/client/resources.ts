import type { InputOf, OperationId, OPERATIONS, ResultOf } from '../api/index.js';
import { callService, type CallOptions } from './http.js';
import { ROUTES } from './routes.js';
import type { Service } from './send.js';

/** What the operations of a resource are about, as their names end. */
const NOUNS = {
  pipelines: 'Pipeline',
  runs: 'Run',
  approvals: 'Approval',
  schedules: 'Schedule',
  triggers: 'Trigger',
  backfills: 'Backfill',
  pools: 'Pool',
  datasets: 'Dataset',
  quarantine: 'Quarantine',
  alerts: 'Alert',
  audit: 'Audit',
  tokens: 'Token',
} as const;

/** What the service has operations of. */
export type ResourceName = keyof typeof NOUNS & (typeof OPERATIONS)[OperationId]['tag'];

/** Every resource of the service, by its name. */
export type Resources = { readonly [T in ResourceName]: Resource<T> };

/** `listRuns` and `getRun` of the runs are called `list` and `get`; what is named after something else keeps its name. */
type MethodOf<Id extends string, T extends ResourceName> = Id extends `${infer Verb}${(typeof NOUNS)[T]}s`
  ? Verb
  : Id extends `${infer Verb}${(typeof NOUNS)[T]}`
    ? Verb
    : Id;

type IdsOf<T extends ResourceName> = {
  readonly [Id in OperationId]: (typeof OPERATIONS)[Id]['tag'] extends T ? Id : never;
}[OperationId];

/** The operations of a resource; each takes what the service takes, as one object. */
export type Resource<T extends ResourceName> = { readonly [Id in IdsOf<T> as MethodOf<Id, T>]: Call<Id> };

/** Whether an argument can be left out: one with no field, or none that is required. */
export type IsOptional<Input> = string extends keyof Input ? true : Partial<Input> extends Input ? true : false;

export type Call<Id extends OperationId> = (
  ...args: IsOptional<InputOf<Id>> extends true
    ? [input?: InputOf<Id>, options?: CallOptions]
    : [input: InputOf<Id>, options?: CallOptions]
) => Answer<ResultOf<Id>>;

type Answer<R> = R extends Page<infer Item> ? Listing<Item> : Promise<R>;

/** One answer of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** The `cursor` with which the list goes on; null at its end. */
  readonly next: string | null;
}

/** A list: awaited, its first page; in a `for await`, each item of all pages, asked for as they are used. */
export type Listing<Item> = Promise<Page<Item>> & AsyncIterable<Item>;

/** Every resource, asked of a service. */
export function resources(service: Service): Resources {
  const names = (Object.keys(NOUNS) as ResourceName[]).map((name) => [name, resource(service, name)]);
  return Object.fromEntries(names);
}

function resource(service: Service, tag: ResourceName): object {
  const ids = (Object.keys(ROUTES) as OperationId[]).filter((id) => ROUTES[id].tag === tag);
  return Object.fromEntries(ids.map((id) => [methodOf(id, tag), caller(service, id)]));
}

function caller(service: Service, id: OperationId): AskPage {
  const call = (input: object = {}, options: CallOptions = {}) => callService(service, id, input as never, options);
  return id.startsWith('list') ? (input, options) => listing(call, input, options) : call;
}

function methodOf(id: string, tag: ResourceName): string {
  return new RegExp(`^(.+)${NOUNS[tag]}s?$`).exec(id)?.[1] ?? id;
}

type AskPage = (input?: object, options?: CallOptions) => Promise<unknown>;

function listing(ask: AskPage, input: object = {}, options?: CallOptions): Listing<unknown> {
  const first = ask(input, options) as Promise<Page<unknown>>;
  async function* items(): AsyncGenerator {
    let page = await first;
    for (;;) {
      yield* page.items;
      if (page.next === null) return;
      page = (await ask({ ...input, cursor: page.next }, options)) as Page<unknown>;
    }
  }
  return Object.assign(first, { [Symbol.asyncIterator]: items });
}
