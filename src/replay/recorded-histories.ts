import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { TerminalError, messageOf } from '../core/errors.js';
import { decodeHistory } from './history-json.js';

/** One event, as far as it is looked at. */
export interface RecordedEvent {
  readonly eventId?: unknown;
  readonly eventType?: unknown;
  readonly workflowExecutionStartedEventAttributes?: {
    readonly workflowId?: string;
    readonly workflowType?: { readonly name?: string };
  };
  readonly activityTaskScheduledEventAttributes?: { readonly activityId?: string };
}

/** A history as `temporal workflow show --output json` writes it. */
export interface RecordedHistory {
  /** Where it is from: a file, or nothing for a server's. */
  readonly file?: string;
  readonly workflowId: string;
  readonly pipeline: string;
  readonly events: readonly RecordedEvent[];
  /** As Temporal's worker takes it. */
  readonly history: object;
}

/**
 * Reads histories: the JSON files of a folder, or those named.
 *
 * @throws TerminalError TEST_DATA_MISSING, TEST_DATA_INVALID naming the file
 */
export async function readHistories(from: string | readonly string[]): Promise<RecordedHistory[]> {
  const files = typeof from === 'string' ? await filesAt(from) : from;
  if (files.length === 0) throw new TerminalError('TEST_DATA_MISSING', 'No history to replay was named.');
  return Promise.all(files.map(readHistory));
}

async function filesAt(place: string): Promise<string[]> {
  const found = await stat(place).catch(() => undefined);
  if (found === undefined) throw new TerminalError('TEST_DATA_MISSING', `There is no file or folder ${place} with histories.`);
  if (!found.isDirectory()) return [place];
  const names = (await readdir(place)).filter((name) => /\.json(\.gz)?$/.test(name)).toSorted();
  if (names.length > 0) return names.map((name) => path.join(place, name));
  throw new TerminalError(
    'TEST_DATA_MISSING',
    `The folder ${place} has no history (*.json, *.json.gz). Record one: temporal workflow show --workflow-id … --output json > ${path.join(place, 'name.json')}`,
  );
}

async function readHistory(file: string): Promise<RecordedHistory> {
  const history = await parsed(file);
  const events = (history as { readonly events?: unknown } | null)?.events;
  const [first] = Array.isArray(events) ? (events as readonly RecordedEvent[]) : [];
  const started = first?.workflowExecutionStartedEventAttributes;
  const pipeline = started?.workflowType?.name;
  if (started === undefined || pipeline === undefined || typeof first?.eventId !== 'string') {
    throw invalid(file, 'is not the history of a workflow');
  }
  const workflowId = started.workflowId ?? path.basename(file).replace(/\.json(\.gz)?$/, '');
  return { file, workflowId, pipeline, events: events as readonly RecordedEvent[], history: decoded(file, history) };
}

async function parsed(file: string): Promise<unknown> {
  try {
    const bytes = await readFile(file);
    return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (error) {
    throw invalid(file, `cannot be read: ${messageOf(error)}`);
  }
}

function decoded(file: string, history: unknown): object {
  try {
    return decodeHistory(history);
  } catch (error) {
    throw invalid(file, `is not a history that Temporal's library can read: ${messageOf(error)}`);
  }
}

function invalid(file: string, what: string): TerminalError {
  return new TerminalError(
    'TEST_DATA_INVALID',
    `The file ${file} ${what}. Record it with: temporal workflow show --workflow-id … --output json`,
  );
}
