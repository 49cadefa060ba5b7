import { readFile } from 'node:fs/promises';
import type { WorkflowBundleOption } from '@temporalio/worker';

/**
 * A bundle for the worker of a deployment: its long-lived workflows go on with new code (see workflows/versioning.ts). A worker
 * without a version may not say so, and both take the same bundle, which `millrace build` may have made: so it is said here.
 */
export async function versionedBundle(bundle: WorkflowBundleOption): Promise<WorkflowBundleOption> {
  const code = 'code' in bundle ? bundle.code : await readFile(bundle.codePath, 'utf8');
  // On the first line, so that no other moves away from its place in the source map.
  return { ...('code' in bundle && bundle), code: `globalThis.millraceVersioned = true; ${code}` };
}
