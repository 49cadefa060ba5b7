import { Context } from '@temporalio/activity';
import type { CallContext, Connector } from '../src/connectors/contract.js';
import { MillraceError, TerminalError } from '../src/core/errors.js';
import { scrub } from '../src/core/secrets.js';
import { filesMark, triggerId, type ArrivedFile, type FileWatch, type PollAnswer, type SqlWatch } from '../src/core/trigger.js';
import { sessionOnDemand } from '../src/engine/session.js';
import { toFailure } from './failure.js';
import type { Services } from './services.js';

/** Files that one look hands on; the next look, which follows at once, has the others. */
const MOST_FILES = 200;

export type PollTriggerInput =
  | { readonly pipeline: string; readonly files: FileWatch; readonly sql?: undefined }
  | { readonly pipeline: string; readonly sql: SqlWatch; readonly files?: undefined };

/** Looks for new files, or asks a database. What is wrong there is an answer too: the trigger writes it down, and asks again. */
export function makePollTrigger(services: Services) {
  return async ({ pipeline, files, sql }: PollTriggerInput): Promise<PollAnswer> => {
    const secrets: string[] = [];
    try {
      return await withConnector(services, (files ?? sql).connection, secrets, (connector, context) =>
        files ? newFiles(services, pipeline, files, connector, context) : answer(sql, connector, context),
      );
    } catch (error) {
      // Without its catalog it knows nothing, and there is nowhere to write that down.
      if (!(error instanceof MillraceError) || error.code === 'CATALOG_UNAVAILABLE') throw toFailure(error, secrets);
      return { ok: false, code: error.code, reason: scrub(error.message, secrets) };
    }
  };
}

async function withConnector<T>(
  { connect, project, checkpoint }: Services,
  name: string,
  secrets: string[],
  work: (connector: Connector, context: CallContext) => Promise<T>,
): Promise<T> {
  const { cancellationSignal: signal } = Context.current();
  const session = sessionOnDemand(project.engine, signal);
  const connector = await connect(name);
  secrets.push(...connector.secrets);
  try {
    return await work(connector, { session, signal, progress: () => undefined, checkpoint });
  } finally {
    await connector.close();
    session.close();
  }
}

async function newFiles(
  { catalog, project }: Services,
  pipeline: string,
  { connection, path }: FileWatch,
  connector: Connector,
  context: CallContext,
): Promise<PollAnswer> {
  const { source } = connector;
  if (!source?.arriving) {
    const message = `Connection "${connection}" (${connector.kind}) holds no files that could arrive. Name one that does in \`triggers.files\`.`;
    throw new TerminalError('CAPABILITY_MISSING', message);
  }
  const found = await source.arriving(path, context);
  // A root that is missing is no empty one.
  if (found.length === 0) await connector.check(context);
  const name = filesMark(triggerId(project.taskQueue, pipeline));
  const seen = seenFiles(await catalog.readTriggerMark(name));
  await forgetGone(
    found.map((file) => file.path),
    seen,
    (left) => catalog.writeTriggerMark(name, JSON.stringify(left)),
  );
  const fresh = found.filter((file) => file.settled && seen[file.path] !== file.stamp);
  const files = fresh.slice(0, MOST_FILES).map(({ path: each, stamp }): ArrivedFile => ({ path: each, stamp }));
  return { ok: true, files, more: fresh.length > files.length };
}

/** A file that was taken away and comes again has arrived again; and what is noted does not grow without end. */
async function forgetGone(
  found: readonly string[],
  seen: Readonly<Record<string, string>>,
  save: (left: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  const there = new Set(found);
  const left = Object.entries(seen).filter(([path]) => there.has(path));
  if (left.length < Object.keys(seen).length) await save(Object.fromEntries(left));
}

/** The files that runs were started for, with their stamps. */
export function seenFiles(mark: string | undefined): Readonly<Record<string, string>> {
  return mark === undefined ? {} : (JSON.parse(mark) as Record<string, string>);
}

async function answer({ connection, query }: SqlWatch, connector: Connector, context: CallContext): Promise<PollAnswer> {
  const { source } = connector;
  if (!source?.answer) {
    const message = `Connection "${connection}" (${connector.kind}) answers no SQL. Name a database in \`triggers.sql\`.`;
    throw new TerminalError('CAPABILITY_MISSING', message);
  }
  return { ok: true, value: await source.answer(query, context) };
}
