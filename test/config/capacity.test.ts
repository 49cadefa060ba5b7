import { describe, expect, test } from 'vitest';
import { capacityOf, thisMachine } from '../../src/config/capacity.js';

const GiB = 1_073_741_824;
const machine = (gib: number, processors: number) => ({
  processors,
  memoryBytes: gib * GiB,
  poolThreads: Math.max(4, 2 * processors),
});
const bytesOf = (limit: string): number => (limit.endsWith('GB') ? 1e9 : 1e6) * Number.parseFloat(limit);

describe('what a worker takes on', () => {
  // The table of docs/workers.md.
  test.each([
    [1, 1, { steps: 2, memoryLimit: '197MB', threads: 1, cachedRuns: 120 }],
    [2, 2, { steps: 2, memoryLimit: '521MB', threads: 2, cachedRuns: 240 }],
    [2, 8, { steps: 3, memoryLimit: '347MB', threads: 2, cachedRuns: 240 }],
    [4, 4, { steps: 4, memoryLimit: '584MB', threads: 4, cachedRuns: 480 }],
    [16, 4, { steps: 4, memoryLimit: '1GB', threads: 4, cachedRuns: 1000 }],
    [16, 8, { steps: 8, memoryLimit: '1GB', threads: 8, cachedRuns: 1000 }],
  ])('on %d GiB and %d processors', (gib, processors, expected) => {
    expect(capacityOf(machine(gib, processors))).toEqual(expected);
  });

  test('is within its memory whatever the machine is, with all steps at their limit', () => {
    for (const gib of [1, 1.5, 2, 3, 4, 6, 8, 16, 64])
      for (const processors of [1, 2, 3, 4, 8, 16, 64]) {
        const { steps, memoryLimit, cachedRuns, threads } = capacityOf(machine(gib, processors));
        const most = steps * bytesOf(memoryLimit) * 1.25 + cachedRuns * 0.4 * 1_048_576 + 300 * 1_048_576;
        expect(most, `${gib} GiB, ${processors}`).toBeLessThanOrEqual(gib * GiB * 0.8);
        expect(steps).toBeGreaterThanOrEqual(2);
        expect(threads).toBeLessThanOrEqual(processors);
      }
  });

  test('is fewer steps where each may take much, and at least one', () => {
    expect(capacityOf(machine(4, 4), { memoryLimit: '1GB' })).toMatchObject({ steps: 2, memoryLimit: '1GB', threads: 4 });
    expect(capacityOf(machine(4, 4), { memoryLimit: '1.5 GiB' }).steps).toBe(1);
    expect(capacityOf(machine(1, 4), { memoryLimit: '4GB' }).steps).toBe(1);
  });

  test('is what the operator says', () => {
    const wishes = { steps: 3, cachedRuns: 7, memoryLimit: '2GB', threads: 5 };
    expect(capacityOf(machine(2, 2), wishes)).toEqual(wishes);
  });

  test('leaves a thread of the pool free', () => {
    expect(capacityOf({ ...machine(64, 16), poolThreads: 4 }).steps).toBe(3);
  });

  test('is something on this machine', () => {
    const { memoryBytes, processors } = thisMachine();
    expect(memoryBytes).toBeGreaterThan(100e6);
    expect(memoryBytes).toBeLessThan(1e14);
    expect(processors).toBeGreaterThanOrEqual(1);
  });
});
