import { DuckDBInstance } from '@duckdb/node-api';

/**
 * Proves that two sets of Parquet files hold the same rows, each as often, by the sum of the rows' hashes; throws when they do
 * not. Blanks at the end of a text count for nothing: those that pad a char(n) are no part of its value.
 */
export async function requireSameFiles(one: string, other: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const sums = await Promise.all(
      [one, other].map(async (files) => {
        const columns = (await connection.runAndReadAll(`DESCRIBE FROM '${files}'`)).getRowsJS() as string[][];
        const values = columns.map(([name, type]) => (type === 'VARCHAR' ? `rtrim("${name}", ' ')` : `"${name}"`));
        const sum = `SELECT count(*) AS rows, sum(hash(${values.join(', ')})::HUGEINT) AS sum FROM '${files}'`;
        return JSON.stringify((await connection.runAndReadAll(sum)).getRowsJson());
      }),
    );
    if (sums[0] !== sums[1]) throw new Error(`Both sides have other rows: ${sums.join(' and ')}: the benchmark is void.`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
