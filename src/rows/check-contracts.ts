import type { Project } from '../config/project.js';
import { compile } from '../contracts/compile.js';
import { contractColumns } from '../contracts/columns.js';
import { mayRunLong } from '../contracts/long-running.js';
import { messageOf, TerminalError } from '../core/errors.js';
import type { ProjectPlace } from './protocol.js';
import { zodThreads } from './zod-threads.js';

/** Loading takes a second or so; an import that waits for something waits for ever. */
const TIMEOUT_MS = 20_000;

/** Why contracts with functions cannot be loaded in a thread, as a step does it; starts none for a project without. */
export async function checkContractThreads(config: Project, project: ProjectPlace): Promise<[string, TerminalError] | undefined> {
  // All of them are loaded with the config.
  const found = Object.entries(config.contracts).find(([, contract]) => mayRunLong(contract.schema));
  if (found === undefined) return undefined;
  const [name, contract] = found;
  const open = zodThreads({ project, name, contract, threads: 1, limits: { loadMs: TIMEOUT_MS } });
  const judge = open(compile(contract, contractColumns(contract), false), new AbortController().signal);
  try {
    await judge.judge({ scope: 'row', rows: 0, columns: [] });
    return undefined;
  } catch (error) {
    return [name, error instanceof TerminalError ? error : new TerminalError('CONFIG_INVALID', messageOf(error))];
  } finally {
    await judge.close();
  }
}
