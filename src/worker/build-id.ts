import { createHash } from 'node:crypto';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { LoadedProject } from '../config/load.js';
import { millraceVersion } from '../config/millrace-version.js';
import { sourceHash } from '../rows/code-hash.js';
import { codeVersion } from './code-version.js';

/**
 * The build id of a project's workers, as `0.1.0-3f9a1c22b0de`: Millrace's version, and a hash of what decides what a run does. That
 * is the pipelines' bundle and everything that the config reaches: contracts, transforms and their SQL, checks, and the versions of
 * packages. The steps of a pinned run are done by workers of its build id, so two workers of one build id must do the same.
 * It does not depend on where the project is; what the environment says is no part of it. A build has another build id than its sources.
 */
export async function buildIdOf(project: LoadedProject, bundle: WorkflowBundleOption): Promise<string> {
  const parts = [await codeVersion(bundle), sourceHash(project.configPath)];
  return `${millraceVersion()}-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12)}`;
}
