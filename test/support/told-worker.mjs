import { Context } from '@temporalio/activity';

/*
 * What a worker in a process of its own does about the messages of crashing-worker.ts.
 */

/**
 * Says `loaded`, and begins when it is told to. The process ends with the one who tells, or when it can't begin.
 *
 * @param letGo lets an arrival at a checkpoint go on
 */
export function obey(begin, letGo = () => undefined) {
  process.on('disconnect', () => process.exit());
  process.on('message', (message) => {
    if (message.type === 'go') letGo(message.id);
    else {
      begin(message.setup).catch((error) => {
        console.error(error);
        process.exit(1);
      });
    }
  });
  process.send?.({ type: 'loaded' });
}

/** A checkpoint at which each attempt waits until the parent lets it go on. */
export function asking() {
  const waiting = new Map();
  let arrivals = 0;
  const checkpoint = (name) => {
    const { info, cancellationSignal } = Context.current();
    const id = ++arrivals;
    const { workflowId, runId } = info.workflowExecution ?? { workflowId: '', runId: '' };
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      // An attempt that was given up meanwhile goes on and finds that out, as one does that waits for nobody.
      cancellationSignal.addEventListener('abort', () => resolve(), { once: true });
      const arrival = { id, checkpoint: name, workflowId, runId, step: info.activityId, attempt: info.attempt };
      process.send?.({ type: 'arrived', arrival });
    });
  };
  const letGo = (id) => {
    waiting.get(id)?.();
    waiting.delete(id);
  };
  return { checkpoint, letGo };
}
