import { expect, test } from 'vitest';
import { loadCall, watermarkCall } from '../../workflows/step-calls.js';

const load = { to: 'warehouse', table: 'orders', mode: 'append' } as const;

test('a load that was promised a range and got none is refused', () => {
  expect(() => loadCall({ name: 'orders' }, { ...load, watermark: undefined })).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('The load of "orders" was given no range as its watermark.') as string,
    }),
  );
  expect(loadCall({ name: 'orders' }, load).input).not.toHaveProperty('watermark');
});

test('a watermark is named after its target, and after itself where it has a name', () => {
  expect(watermarkCall({ to: 'warehouse', table: 'orders' })).toMatchObject({
    kind: 'watermark',
    name: 'warehouse.orders',
    input: { connection: 'warehouse', target: 'orders', name: '' },
  });
  expect(watermarkCall({ to: 'lake', path: 'orders', name: 'north' })).toMatchObject({
    name: 'lake.orders.north',
    input: { target: 'orders', name: 'north' },
  });
  expect(watermarkCall({ to: 'lake', path: 'orders', as: 'again' })).toMatchObject({ name: 'again' });
});

test('a watermark without a target is refused', () => {
  expect(() => watermarkCall({ to: 'warehouse' })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});
