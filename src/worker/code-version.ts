import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { WorkflowBundleOption } from '@temporalio/worker';

/** How webpack begins a module in a bundle: `/***` + `/ "./workflows/orders.ts"`. */
const MODULE = /^\/\*\*\*\/ "([^"]+)"/gm;

/**
 * A hash of the code that pipelines run: the same for the same code, wherever it was bundled. Temporal's library is left out,
 * since it comes with Millrace's version.
 */
export async function codeVersion(bundle: WorkflowBundleOption): Promise<string> {
  return hashOfBundle('code' in bundle ? bundle.code : await readFile(bundle.codePath, 'utf8'));
}

/** @internal */
export function hashOfBundle(code: string): string {
  const starts = [...code.matchAll(MODULE)];
  const modules = starts.flatMap(({ 1: id = '', index }, at) =>
    isOurs(id) ? [placeless(code.slice(index, starts[at + 1]?.index))] : [],
  );
  // In the order of their text: a bundle's own is that of paths.
  const text = modules.length > 0 ? modules.toSorted().join('\n') : placeless(code);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The bundle's entry is made for each bundle, and says no more than what the modules export. */
function isOurs(id: string): boolean {
  return !/node_modules\/(?!millrace\/)|\/\.millrace\/workflow-entry-|^(ignored|external)/.test(id) && !id.includes('(ignored)');
}

/** Code without what tells where it was: comments, module ids, and names that are made of paths. */
function placeless(code: string): string {
  return code
    .replace(/\/\/# sourceMappingURL=.*/g, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/__webpack_require__\(\s*"[^"]*"\)/g, '__webpack_require__()')
    .replace(/\b\w*__WEBPACK_IMPORTED_MODULE_(\d+)__/g, 'import_$1')
    .replace(/^\s*"[^"]*":?\s*$/gm, '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n');
}
