import type { Project } from '../config/project.js';
import { messageOf, TerminalError } from '../core/errors.js';
import { outputColumns } from './output-columns.js';
import type { ProjectPlace } from './protocol.js';
import { errorOf, startThread } from './thread.js';

/** Loading takes a second or so; an import that waits for something waits for ever. */
const TIMEOUT_MS = 20_000;
const MEMORY_MB = 512;

/**
 * What is wrong with the functions of a project before any of them runs: those that do not load, and those whose output
 * contract says too little. One thread loads them all, as it would for a step.
 *
 * @param project where it is
 * @returns by the transform's name; nothing for a project without functions, for which no thread starts
 */
export async function checkFunctions(config: Project, project: ProjectPlace): Promise<ReadonlyMap<string, TerminalError>> {
  const functions = Object.entries(config.transforms).filter(([, transform]) => transform.kind === 'rows');
  const found = new Map<string, TerminalError>();
  if (functions.length === 0) return found;
  for (const [name, { output }] of functions) {
    try {
      outputColumns(output, name);
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      found.set(name, error);
    }
  }
  const transforms = functions.map(([name]) => name);
  for (const [name, error] of await loadAll(project, transforms)) found.set(name, error);
  return found;
}

async function loadAll(project: ProjectPlace, transforms: readonly string[]): Promise<[string, TerminalError][]> {
  let timer: NodeJS.Timeout | undefined;
  const all = transforms.map((name) => `"${name}"`).join(', ');
  let stop: (() => Promise<void>) | undefined;
  try {
    return await new Promise<[string, TerminalError][]>((resolve, reject) => {
      const thread = startThread(all, { project, work: { kind: 'check', transforms } }, MEMORY_MB, (message) => {
        if (message.kind !== 'checked') return;
        resolve(message.problems.map((problem) => [problem.transform, errorOf(problem.transform, problem)]));
      });
      stop = () => thread.stop();
      timer = setTimeout(() => reject(new Error(`they were not loaded within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
      thread.failed.catch(reject);
    });
  } catch (error) {
    // What ends the thread as a whole cannot be told apart by transform.
    const failed = new TerminalError('CONFIG_INVALID', `The functions of ${all} do not load: ${messageOf(error)}`);
    return transforms.map((name) => [name, failed]);
  } finally {
    clearTimeout(timer);
    await stop?.();
  }
}
