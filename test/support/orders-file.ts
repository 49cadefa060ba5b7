import { writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Writes a CSV of orders: `count` good ones, then the given lines as they are. Gives the file's name. */
export async function writeOrders(folder: string, name: string, count: number, extra: readonly string[] = []): Promise<string> {
  const lines = Array.from({ length: count }, (_, index) => orderLine(index + 1));
  await writeFile(path.join(folder, name), ['id,customer,amount,month', ...lines, ...extra, ''].join('\n'));
  return name;
}

export function orderLine(id: number, amount = id % 100): string {
  return `${id},customer-${id % 7},${amount}.5,2024-0${(id % 3) + 1}`;
}
