import { expect, test } from 'vitest';
import { hints, type HintsInput } from '../../src/dev/hints.js';

const USUAL: HintsInput = {
  plan: [{ pipeline: 'sell', workflowId: 'sell/2001-01', params: { month: '2001-01', note: "it's" } }],
  temporal: { cli: (command) => `temporal ${command}`, addressOption: '' },
  databases: [],
  taskQueue: 'millrace',
  serviceUrl: 'http://127.0.0.1:8300',
};
const INPUT = String.raw`'{"month":"2001-01","note":"it'\''s"}'`;

test('the commands to try are about the last run, and survive a shell', () => {
  expect(hints(USUAL)).toEqual([
    `temporal workflow execute --type sell --task-queue millrace --workflow-id my-id --input ${INPUT}`,
    'temporal workflow show --workflow-id sell/2001-01',
    'temporal workflow list',
    'npx millrace runs',
    'npx millrace show sell/2001-01',
    'npx millrace quarantine sell/2001-01',
    `npx millrace plan sell --params ${INPUT}`,
    'curl http://127.0.0.1:8300/v1/runs',
  ]);
});

test('commands that ask Temporal name a server that is not at its usual port', () => {
  const addressOption = ' --address 127.0.0.1:7234';
  const temporal = { cli: (command: string) => `temporal ${command}${addressOption}`, addressOption };
  for (const command of hints({ ...USUAL, temporal })) {
    const asks = /^temporal |millrace (runs|show) /.test(command);
    expect(command.endsWith(addressOption), command).toBe(asks);
  }
});

test('a plan is given the addresses of the databases that were started, so that it can look into them', () => {
  const databases = [{ variable: 'WAREHOUSE_URL', url: 'postgres://me:secret@127.0.0.1:54320/warehouse' }];
  expect(hints({ ...USUAL, databases })).toContain(
    `WAREHOUSE_URL='postgres://me:secret@127.0.0.1:54320/warehouse' npx millrace plan sell --params ${INPUT}`,
  );
});

test('a project without runs gets commands that list', () => {
  expect(hints({ ...USUAL, plan: [] })).toEqual([
    'temporal workflow list',
    'npx millrace runs',
    'curl http://127.0.0.1:8300/v1/pipelines',
  ]);
});
