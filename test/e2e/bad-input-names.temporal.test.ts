import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeByCli, expectTerminal, failedRun, type Expected } from './bad-input-failure.js';
import { attemptsLeft, openScene, stagingTablesLeft, WRONG_PASSWORD, type Scene } from './bad-input-scene.js';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  await writeFile(path.join(scene.lake, 'orders.csv'), 'id,customer,amount\n1,Ann,1.5\n2,Bob,2.5\n');
  await writeFile(path.join(scene.lake, 'negative.csv'), 'id,customer,amount\n1,Ann,1.5\n2,Bob,-2.5\n');
  await scene.db.query(`CREATE TABLE totals AS SELECT 'there before'::text AS customer, 0::bigint AS orders`);
});

afterAll(() => scene?.close());

interface Case extends Expected {
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const READS = 'Declare what it reads as an input, and extract it in a step of its own';

const CASES: readonly Case[] = [
  {
    title: 'a parameter of the wrong type, and others',
    params: { path: 7, mode: 'upsert', colour: 'red' },
    code: 'PARAMETERS_INVALID',
    says: [
      'The parameters of "carry" are wrong',
      'path: Invalid input: expected string, received number',
      'mode: Invalid option',
      'Unrecognized key: "colour"',
      'Correct them and start again',
    ],
  },
  {
    title: 'an unknown connection to read from',
    params: { from: 'pond' },
    code: 'CONNECTION_UNKNOWN',
    step: 'extract:orders',
    says: ['no connection "pond"', 'It has: lake, warehouse', 'Correct the name, or add it to `connections`'],
  },
  {
    title: 'an unknown connection to write to',
    params: { to: 'pond' },
    code: 'CONNECTION_UNKNOWN',
    step: 'load:pond.totals',
    says: ['no connection "pond"', 'Correct the name, or add it to `connections`'],
  },
  {
    title: 'an unknown contract',
    params: { contract: 'Odrer' },
    code: 'CONTRACT_UNKNOWN',
    step: 'validate:orders',
    says: ['no contract "Odrer"', 'It has: Order, Total', 'add it to `contracts`'],
  },
  {
    title: 'an unknown transform',
    params: { transform: 'total' },
    code: 'TRANSFORM_UNKNOWN',
    step: 'transform:total',
    says: ['no transform "total"', 'It has: totals, ', 'add it to `transforms`'],
  },
  {
    title: 'an environment variable that is not set',
    params: { to: 'unset' },
    code: 'ENV_MISSING',
    step: 'load:unset.totals',
    says: ['connections.unset.url needs the environment variable MISHAPS_NEVER_SET', 'Set it for the worker'],
  },
  {
    title: 'a maxRejected that is none',
    params: { maxRejected: -1 },
    code: 'OPTION_INVALID',
    step: 'validate:orders',
    says: ['maxRejected is -1', 'a share below 1 or a number of rows'],
  },
  {
    title: 'a transform that reads a file through a function',
    params: { transform: 'readsFile' },
    code: 'TRANSFORM_FORBIDDEN',
    step: 'transform:readsFile',
    says: ['Transform "readsFile" reads through read_csv()', 'Its inputs are: orders', READS],
  },
  {
    title: 'a transform that reads a file by its name',
    params: { transform: 'readsFileByName' },
    code: 'TRANSFORM_FORBIDDEN',
    step: 'transform:readsFileByName',
    says: ['Transform "readsFileByName" reads "/etc/passwd", which it was not given', READS],
  },
  {
    title: 'a transform that reads a table it was not given',
    params: { transform: 'readsTable' },
    code: 'TRANSFORM_FORBIDDEN',
    step: 'transform:readsTable',
    says: ['Transform "readsTable" reads "customers", which it was not given', 'Its inputs are: orders', READS],
  },
  {
    title: 'a transform whose output lacks a column',
    params: { transform: 'lacksColumn' },
    code: 'TRANSFORM_OUTPUT',
    step: 'transform:lacksColumn',
    says: ['transform "lacksColumn"', 'missing: "orders"', 'Change the SELECT list or the contract'],
  },
  {
    title: 'a transform whose output has a column of another type',
    params: { transform: 'wrongType' },
    code: 'TRANSFORM_OUTPUT',
    step: 'transform:wrongType',
    says: ['transform "wrongType"', '"orders" is VARCHAR, the contract wants a number', 'Change the SELECT list or the contract'],
  },
  {
    title: 'a transform that is not SQL',
    params: { transform: 'notSql' },
    code: 'QUERY_FAILED',
    step: 'transform:notSql',
    says: ['not valid SQL at line 2, column 11', 'syntax error at or near "AS"', 'Correct the SQL in ./transforms/not-sql.sql'],
  },
  {
    title: 'a transform that names an unknown column',
    params: { transform: 'unknownColumn' },
    code: 'QUERY_FAILED',
    step: 'transform:unknownColumn',
    says: [
      'Referenced column "buyer" not found',
      'Candidate bindings: "customer"',
      '(line 1, column 8: SELECT buyer',
      'Correct the SQL in ./transforms/unknown-column.sql',
    ],
  },
  {
    title: 'a transform that fails over a value',
    params: { transform: 'badCast' },
    code: 'QUERY_FAILED',
    step: 'transform:badCast',
    says: [
      "Could not convert string 'Ann' to INT64",
      'source column customer',
      '(line 1, column 18: ',
      'Correct the SQL in ./transforms/bad-cast.sql',
    ],
  },
  {
    title: 'a transform that uses a parameter the run has not',
    params: { transform: 'unknownParameter' },
    code: 'QUERY_FAILED',
    step: 'transform:unknownParameter',
    says: ['The SQL uses $shop, which the run has no parameter for', 'Correct the SQL in ./transforms/unknown-parameter.sql'],
  },
  {
    title: 'a transform whose file is missing',
    params: { transform: 'missingFile' },
    code: 'CONFIG_INVALID',
    step: 'transform:missingFile',
    says: [
      'The SQL file ./transforms/missing-file.sql cannot be read',
      'no such file or directory',
      'Correct its path in the config',
    ],
  },
];

describe.concurrent('a run with', () => {
  test.for(CASES)('$title fails at once and says so', async ({ params, ...expected }) => {
    await expectTerminal(scene, await failedRun(scene, { path: 'orders.csv', table: 'totals', ...params }), expected);
  });
});

describe('`temporal workflow execute`', () => {
  interface CommandCase {
    readonly title: string;
    readonly type?: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly message: RegExp;
  }
  const COMMANDS: readonly CommandCase[] = [
    {
      title: 'an unknown pipeline',
      type: 'cary',
      params: {},
      message:
        /^This worker has no pipeline "cary"\. It has: carry, replicate, replayQuarantine, housekeeping\. Correct the name, or deploy the pipeline\. \[PIPELINE_UNKNOWN\]$/,
    },
    {
      title: 'a wrong parameter',
      params: { path: 7, table: 'totals' },
      message: /^The parameters of "carry" are wrong: path: .*\[PARAMETERS_INVALID\]$/,
    },
    {
      title: 'a missing file',
      params: { path: 'missing.csv', table: 'totals' },
      message: /^Step extract:orders failed: There is no file "missing\.csv".*\[FILE_MISSING\]$/,
    },
    {
      title: 'a wrong password',
      params: { path: 'orders.csv', table: 'totals', to: 'wrongPassword' },
      message:
        /^Step load:wrongPassword\.totals failed: The server .* refuses the credentials of connection "wrongPassword": .*\[CREDENTIALS_REJECTED\]$/,
    },
    {
      title: 'a forbidden transform',
      params: { path: 'orders.csv', table: 'totals', transform: 'readsFile' },
      message: /^Step transform:readsFile failed: Transform "readsFile" reads through read_csv\(\).*\[TRANSFORM_FORBIDDEN\]$/,
    },
    {
      title: 'too many rejected rows',
      params: { path: 'negative.csv', table: 'totals', maxRejected: 0.2 },
      message:
        /^Step validate:orders failed: Contract "Order" rejected 1 of 2 rows of "orders", more than maxRejected \(20 %\)\. Most often: amount: Too small.*\[CONTRACT_BREACH\]$/,
    },
  ];

  test.for(COMMANDS)('exits with 1 and prints the message once: $title', async ({ type, params, message }) => {
    const { exitCode, output, tookMs } = await executeByCli(scene, type ?? 'carry', params);
    expect(exitCode).toBe(1);
    expect(tookMs).toBeLessThan(10_000);
    expect(output.match(/^ *Message: /gm)).toHaveLength(1);
    expect(/^ *Message: (.*)$/m.exec(output)?.[1]).toMatch(message);
    expect(output).not.toMatch(/StackTrace:\s*\S|\n\s+at |Cause:/);
    expect(output).not.toContain(WRONG_PASSWORD);
  });
});

test('nothing is left of any of these runs', async () => {
  expect(scene.log.join('\n')).not.toContain(WRONG_PASSWORD);
  expect(await scene.db.query('SELECT customer FROM totals')).toEqual([{ customer: 'there before' }]);
  expect(await stagingTablesLeft(scene)).toEqual([]);
  expect(await attemptsLeft(scene)).toEqual([]);
});
