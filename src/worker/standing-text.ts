import { idleWorkers } from '../operations/deployment-view.js';
import type { Standing } from './standing.js';

/** What to say of a worker's standing: what it gets, and what somebody should know. */
export function standingText(standing: Standing, taskQueue: string): { readonly text?: string; readonly warning?: string } {
  switch (standing.gets) {
    case 'everything':
      return {};
    case 'nothing':
      return { warning: idleWorkers(taskQueue, standing.current.buildId) };
    case 'unknown':
      return { warning: `What this worker will get is not known: ${standing.why}` };
    case 'new runs':
      return { text: newRunsText(standing) };
    default:
      return { text: ownRunsText(standing) };
  }
}

function newRunsText({ version, first, percent }: Extract<Standing, { readonly gets: 'new runs' }>): string {
  const what = `Its version is ${version.buildId} of "${version.deployment}"`;
  if (first) return `${what}, the first one, and it was made current: it gets new runs.`;
  return percent === 100 ? `${what}, which is current: it gets new runs.` : `${what}, which gets ${percent} % of new runs.`;
}

function ownRunsText({ version, current }: Extract<Standing, { readonly gets: 'its own runs' }>): string {
  const gets = current === '' ? 'workers without a version' : `version ${current}`;
  return `Its version is ${version.buildId} of "${version.deployment}". New runs go to ${gets}, until: millrace deploy promote ${version.buildId}`;
}
