import {
  HOOK_HEADERS,
  HOOKS,
  OPERATIONS,
  pathFields,
  STREAMS,
  TAGS,
  type Operation,
  type Stream,
  type Tag,
} from '../../api/index.js';
import { problem } from '../../api/schemas/problem.js';
import { millraceVersion } from '../../config/millrace-version.js';
import { ERROR_CODES, type ErrorCode } from '../../core/error-codes.js';
import { groupBy } from '../../core/group-by.js';
import { REASONS, unreadable } from '../client-errors.js';
import { statusOf } from '../problem-response.js';
import { openSchemaBook, type JsonSchema, type ObjectSchema, type SchemaBook } from './json-schemas.js';

/** An OpenAPI document. */
export type OpenApiDocument = Readonly<Record<string, unknown>> & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
};

export interface OpenApiOperation extends JsonSchema {
  readonly operationId: string;
}

const TAG_TEXTS: Readonly<Record<Tag, string>> = {
  pipelines: 'What can be run, and what it takes.',
  runs: 'Starting, looking at, following and steering runs.',
  approvals: 'What runs wait for people to approve.',
  schedules: 'When pipelines run by themselves.',
  triggers: 'What starts pipelines by itself besides: loads, files, conditions, webhooks.',
  backfills: 'Running a pipeline over many partitions.',
  pools: 'Limits across runs: who holds slots, and who waits for them.',
  datasets: 'What steps have made: columns, lineage, quality, loads.',
  quarantine: 'Rows that were rejected, and why.',
  alerts: 'What people are told, and what pipelines promise.',
  audit: 'What was changed, by whom.',
  tokens: 'Who may call.',
  deployments: 'Versions of workers: which gets new runs.',
  service: 'Whether it is well.',
};

/** What any operation may refuse with. */
const ALWAYS: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'INTERNAL',
  'TEMPORAL_UNREACHABLE',
  'CATALOG_UNAVAILABLE',
];
/** And any that takes a body. */
const WITH_BODY: readonly ErrorCode[] = ['REQUEST_TOO_LARGE', 'MEDIA_TYPE_UNKNOWN'];

/** The description of the service in OpenAPI 3.1, made from the table of operations. */
export function openApiDocument(): OpenApiDocument {
  const book = openSchemaBook();
  book.output(problem);
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const [id, operation] of Object.entries(OPERATIONS) as [string, Operation][]) {
    (paths[operation.path] ??= {})[operation.method] = describe(book, id, operation);
  }
  for (const [id, stream] of Object.entries(STREAMS) as [string, Stream][]) {
    (paths[stream.path] ??= {})[stream.method] = describeStream(book, id, stream);
  }
  for (const [id, hook] of Object.entries(HOOKS) as [string, Operation][]) {
    (paths[hook.path] ??= {})[hook.method] = describeHook(book, id, hook);
  }
  const used = new Set(Object.values({ ...OPERATIONS, ...STREAMS } as Record<string, { tag: Tag }>).map(({ tag }) => tag));
  return {
    openapi: '3.1.1',
    info: {
      title: 'Millrace',
      version: millraceVersion(),
      description: 'The client service of a Millrace project: its pipelines, runs, datasets and who may do what.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This service.' }],
    tags: TAGS.filter((tag) => used.has(tag)).map((name) => ({ name, description: TAG_TEXTS[name] })),
    security: [{ token: [] }],
    paths: { ...paths, ...probes() },
    components: {
      schemas: book.components,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A token of `millrace tokens create`, or a JWT of the issuer in the config. While there is none, nothing is asked for.',
        },
      },
    },
  };
}

function describe(book: SchemaBook, id: string, operation: Operation): OpenApiOperation {
  const { method, summary, role, status = 200, tag } = operation;
  const input = book.input(operation.input);
  const hasBody = method === 'post' || method === 'put';
  const body = hasBody ? bodyOf(operation, input) : undefined;
  return {
    operationId: id,
    summary,
    description: operation.public ? 'Anybody may ask.' : `Needs the role ${role}.`,
    tags: [tag],
    ...(operation.public && { security: [{}, { token: [] }] }),
    parameters: [...parametersOf(operation, input, !hasBody), ...headersOf(input)],
    ...(body && { requestBody: body }),
    responses: {
      [status]: { description: 'It is done.', content: { 'application/json': { schema: book.output(operation.result) } } },
      ...refusals([...ALWAYS, ...(hasBody ? WITH_BODY : []), ...(operation.errors ?? [])]),
    },
  };
}

function describeHook(book: SchemaBook, id: string, hook: Operation): OpenApiOperation {
  const described = describe(book, id, hook);
  const headers = Object.values(HOOK_HEADERS).map((name) => ({ name, in: 'header', required: true, schema: { type: 'string' } }));
  return {
    ...described,
    description:
      'Needs no token: `webhook-signature` is the HMAC-SHA256 of id, timestamp and body by the secret of the config, as Standard Webhooks describe it.',
    security: [{}],
    parameters: [...((described['parameters'] ?? []) as JsonSchema[]), ...headers],
    requestBody: { required: false, content: { 'application/json': { schema: { type: 'object' } } } },
  };
}

function describeStream(book: SchemaBook, id: string, stream: Stream): OpenApiOperation {
  const input = book.input(stream.input);
  const messages = Object.entries(stream.events).map(([name, data]) => messageOf(name, book.output(data)));
  return {
    operationId: id,
    summary: stream.summary,
    description: `${stream.description} Needs the role ${stream.role}.`,
    tags: [stream.tag],
    parameters: [
      ...parametersOf(stream, input, false),
      {
        name: 'Last-Event-ID',
        in: 'header',
        required: false,
        schema: { type: 'string' },
        description: 'The `id` of the last message.',
      },
    ],
    responses: {
      200: {
        description: 'Messages with `id`, `event` and `data`; the data is JSON, by the schema of the event.',
        content: { 'text/event-stream': { schema: { oneOf: messages } } },
      },
      ...refusals([...ALWAYS, ...(stream.errors ?? [])]),
    },
  };
}

/** One message of a stream, which is what the schema of a stream describes. */
function messageOf(event: string, data: JsonSchema): JsonSchema {
  return {
    type: 'object',
    properties: {
      id: { type: 'string' },
      event: { const: event },
      data: { type: 'string', contentMediaType: 'application/json', contentSchema: data },
    },
    required: ['id', 'event', 'data'],
  };
}

function parametersOf(
  operation: Pick<Operation, 'path'>,
  { properties, required = [] }: ObjectSchema,
  withQuery: boolean,
): JsonSchema[] {
  const inPath = pathFields(operation);
  return Object.entries(properties)
    .filter(([name]) => withQuery || inPath.includes(name))
    .map(([name, { description, ...schema }]) => ({
      name,
      in: inPath.includes(name) ? 'path' : 'query',
      required: inPath.includes(name) || required.includes(name),
      ...(description !== undefined && { description }),
      schema,
    }));
}

function headersOf({ properties }: ObjectSchema): JsonSchema[] {
  const key = properties['idempotencyKey'];
  if (!key) return [];
  const { description: _, ...schema } = key;
  const description = 'The same as the field `idempotencyKey`; give one of them.';
  return [{ name: 'Idempotency-Key', in: 'header', required: false, description, schema }];
}

/** The body of a request; `undefined` where there is nothing to say in one. */
function bodyOf(operation: Operation, { properties, required = [], ...schema }: ObjectSchema): JsonSchema | undefined {
  const inPath = pathFields(operation);
  const fields = Object.entries(properties).filter(([name]) => !inPath.includes(name));
  if (fields.length === 0) return undefined;
  const needed = required.filter((name) => !inPath.includes(name));
  return {
    required: needed.length > 0,
    content: {
      'application/json': {
        schema: { ...schema, properties: Object.fromEntries(fields), ...(needed.length > 0 && { required: needed }) },
      },
    },
  };
}

/** The answers that tell of errors, by their status, with the codes that each may have. */
function refusals(codes: readonly ErrorCode[]): Record<string, JsonSchema> {
  const byStatus = groupBy([...new Set(codes)], statusOf);
  const byCode = [...byStatus].map(([status, those]): [number, JsonSchema] => [
    status,
    {
      description: those.map((code) => `\`${code}\`: ${ERROR_CODES[code].cause}`).join(' '),
      ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}),
      content: PROBLEM,
    },
  ]);
  return Object.fromEntries([...byCode, ...UNREADABLE]);
}

const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

/** What a request gets that Node's own parser refuses. */
const UNREADABLE: readonly (readonly [number, JsonSchema])[] = Object.values(REASONS).map(([status, reason]) => [
  status,
  { description: `\`REQUEST_INVALID\`: ${unreadable(reason)}`, content: PROBLEM },
]);

const RETRY_AFTER = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } } };

function probes(): OpenApiDocument['paths'] {
  const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'], additionalProperties: false };
  const content = { 'application/json': { schema } };
  const probe = (operationId: string, summary: string, responses: JsonSchema): OpenApiOperation => ({
    operationId,
    summary,
    tags: ['service'],
    security: [{}],
    responses,
  });
  return {
    '/healthz': { get: probe('isAlive', 'Whether the process answers.', { 200: { description: 'It does.', content } }) },
    '/readyz': {
      get: probe('isReady', 'Whether Temporal and the catalog answer.', {
        200: { description: 'They do.', content },
        503: { description: 'One of them does not.', content },
      }),
    },
  };
}
