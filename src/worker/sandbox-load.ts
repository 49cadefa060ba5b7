import assert from 'node:assert';
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { relativeTo } from '../config/import-failure.js';
import { messageOf } from '../core/errors.js';
import type { Place, Problem } from '../core/problems.js';
import type { NamedProject } from './pipeline-names.js';

/** What a script of the sandbox is called in stacks. */
const NAME = 'workflow-bundle';

const LONGEST_MS = 10_000;

/**
 * Loads a bundle as a worker's sandbox does, which has none of Node's globals. What throws there would keep every workflow task
 * of the worker from beginning, for ever.
 */
export function sandboxProblems({ code }: WorkflowBundleWithSourceMap, project: NamedProject): Problem[] {
  const silent = Object.fromEntries(['log', 'warn', 'error', 'info', 'debug'].map((level) => [level, () => undefined]));
  const given = { assert, URL, URLSearchParams, TextEncoder, TextDecoder, AbortController, console: silent };
  const context = vm.createContext({ ...given, __webpack_module_cache__: {} });
  try {
    vm.runInContext(code, context, { filename: NAME, timeout: LONGEST_MS });
    vm.runInContext('__TEMPORAL__.importWorkflows()', context, { timeout: LONGEST_MS });
    return [];
  } catch (error) {
    if (wantsRun(error)) return [];
    const place = blamed(error, code, project.directory);
    const why = messageOf(error).replace(/\.$/, '');
    const message = `It throws when the workflow sandbox loads it: ${why}. The sandbox has no globals of Node, and a pipeline may depend on none: give it such values as parameters.`;
    return [{ severity: 'error', code: 'WORKFLOW_INVALID', message, ...(place && { place }) }];
  }
}

/** Whether what throws is Temporal's library, of which the time, random numbers and the like are to be had within a run only. */
function wantsRun(error: unknown): boolean {
  return (error as { readonly name?: unknown } | null)?.name === 'IllegalStateError';
}

/** The innermost place of the project's own in an error's stack. */
function blamed(error: unknown, code: string, directory: string): Place | undefined {
  const stack = String((error as { readonly stack?: unknown }).stack);
  const map = sourceMap(code);
  for (const [, line, column] of stack.matchAll(new RegExp(`${NAME}:(\\d+):(\\d+)`, 'g'))) {
    const entry = map?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !('originalSource' in entry)) continue;
    const file = localPath(entry.originalSource, directory);
    if (file.startsWith(directory + path.sep) && !file.includes(`${path.sep}node_modules${path.sep}`))
      return { file: relativeTo(directory, file), line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }
  return undefined;
}

// The bundler puts it at the end, as a comment.
function sourceMap(code: string): SourceMap | undefined {
  const at = code.lastIndexOf(INLINED);
  if (at < 0) return undefined;
  return new SourceMap(JSON.parse(Buffer.from(code.slice(at + INLINED.length), 'base64').toString()) as SourceMapPayload);
}

const INLINED = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';

function localPath(source: string, directory: string): string {
  return source.startsWith('file:') ? fileURLToPath(source) : path.resolve(directory, source.replace(/^webpack:\/\/[^/]*\//, ''));
}
