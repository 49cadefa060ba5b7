import { setWorkflowOptions, type Workflow } from '@temporalio/workflow';

/**
 * A run stays with the worker's version that began it, whatever is deployed meanwhile. So are all pipelines: `makePipeline`
 * calls this. Without worker versioning it changes nothing.
 */
export function pinned<F extends Workflow>(workflow: F): F {
  setWorkflowOptions({ versioningBehavior: 'PINNED' }, workflow);
  return workflow;
}

/**
 * A workflow goes on with the current version's code, from its next task on. So are Millrace's own long-lived workflows, which
 * would keep an old version alive for ever: the bundle's entry calls this for each (see LONG_LIVED in src/worker/bundle.ts). They
 * keep to what their histories tell: a change of what they ask for, or of its order, needs `patched()`.
 */
export function upgrading<F extends Workflow>(workflow: F): F {
  setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, workflow);
  return workflow;
}
