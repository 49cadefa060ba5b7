import { TerminalError } from '../src/core/errors.js';
import type { WatermarkStepInput, WatermarkStepResult } from '../src/core/steps.js';
import { withConnection } from './connection.js';
import type { Services } from './services.js';
import { stepActivity } from './step-activity.js';

/** Asks a target how far it has got. */
export function makeWatermark(services: Services) {
  return stepActivity<WatermarkStepInput, WatermarkStepResult>(services, 'watermark', (input, call) => {
    const { connection, target, name, run } = input;
    return withConnection(services, connection, call, async ({ destination, kind }) => {
      if (!destination?.watermark) {
        throw new TerminalError(
          'CAPABILITY_MISSING',
          `Connection "${connection}" (${kind}) keeps no watermarks, so nothing tells how far "${target}" has got.`,
        );
      }
      call.phase('asking');
      // As in load ids: the same for every attempt, every reset and every retry of this step.
      const step = `${run.loadScope}/${input.step}`;
      const watermark = await destination.watermark({ target, connection, name, step }, call);
      return { result: { watermark }, inputs: [] };
    });
  });
}
