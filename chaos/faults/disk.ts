import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** Fills the disk that holds staging, for a while. Runs fail of it, as they should, and are retried. */
export const fillDisk: Fault = async ({ stage: { disk }, moment, random }) => {
  await disk.fill();
  try {
    moment.release();
    await sleep(random.between(300, 1_200));
  } finally {
    await disk.free();
  }
};
