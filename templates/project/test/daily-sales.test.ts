import { judgeCsv, runTransform } from 'millrace/testing';
import { expect, test } from 'vitest';
import { Sale } from '../contracts/sale';
import project from '../millrace.config';

test('a sale of nothing is rejected, and said why', async () => {
  const { accepted, rejected } = await judgeCsv(
    Sale,
    'id,day,product,quantity,price\n1,2026-11-01,tea,2,3.5\n2,2026-11-01,tea,0,3.5\n',
  );
  expect(accepted).toEqual([{ id: 1, day: '2026-11-01', product: 'tea', quantity: 2, price: 3.5 }]);
  expect(rejected).toMatchObject([{ line: 3, reasons: [{ path: 'quantity', code: 'too_small' }] }]);
});

test('the sales of a day are added up', async () => {
  const tea = { id: 1, day: '2026-11-01', product: 'tea', quantity: 2, price: 3.5 };
  const cup = { id: 2, day: '2026-11-01', product: 'cup', quantity: 1, price: 12.25 };
  const rows = await runTransform(project, 'dailySales', { inputs: { sales: [tea, cup, { ...tea, id: 3, day: '2026-11-02' }] } });
  expect(rows).toEqual([
    { day: '2026-11-01', sales: 2, items: 3, revenue: 19.25 },
    { day: '2026-11-02', sales: 1, items: 2, revenue: 7 },
  ]);
});
