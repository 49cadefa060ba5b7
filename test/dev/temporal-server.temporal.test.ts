import { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { temporalAddress, temporalCli } from '../support/temporal.js';

test('the shared Temporal server knows the search attributes of a run', async () => {
  const connection = await Connection.connect({ address: await temporalAddress() });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
  await connection.close();
  expect(Object.keys(customAttributes ?? {})).toEqual(
    expect.arrayContaining(['MillracePipeline', 'MillracePartition', 'MillraceOwner']),
  );
  expect(await temporalCli()).toMatch(/temporal$/);
});
