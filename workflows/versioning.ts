import { setWorkflowOptions, type Workflow } from '@temporalio/workflow';

/**
 * A workflow goes on with the current version's code, from its next task on, where the worker is of a deployment. So are
 * Millrace's own long-lived workflows, which would keep an old version alive for ever: the bundle's entry calls this for each
 * (see LONG_LIVED in src/worker/bundle.ts). They keep to what their histories tell: a change of what they ask for, or of its order,
 * needs `patched()`.
 *
 * Pipelines say nothing. They are pinned to the version that begins them, which is the default of a worker of a deployment.
 */
export function upgrading<F extends Workflow>(workflow: F): F {
  // Temporal refuses every task of a worker without a version that says such a thing, and the run would stand still.
  if (!isVersioned()) return workflow;
  const upgraded: Workflow = (...args) => workflow(...args);
  setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, upgraded);
  return upgraded as F;
}

/** A worker of a deployment says so in the bundle's global: see src/worker/versioned-bundle.ts. */
function isVersioned(): boolean {
  return (globalThis as { readonly millraceVersioned?: boolean }).millraceVersioned === true;
}
