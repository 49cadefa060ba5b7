import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openStage, type Stage } from '../stage.js';
import type { JournalLine } from './liveness.js';

/** Steps at work at once in one worker: all workers together have room for more than the pool. */
const STEPS = 6;

/** A stage whose workers say in a journal what they do. */
export interface JournalStage extends Stage {
  readonly lake: string;
  readonly journal: () => JournalLine[];
}

/** @param suggestContinueAsNew events after which Temporal tells a workflow to continue as new */
export async function openJournalStage(notice: (line: string) => void, suggestContinueAsNew: number): Promise<JournalStage> {
  const stage = await openStage({
    project: path.join(import.meta.dirname, 'project'),
    program: path.join(import.meta.dirname, 'worker-process.mjs'),
    steps: STEPS,
    environment: (folder) => ({ SOAK_LAKE: path.join(folder, 'lake'), SOAK_JOURNAL: path.join(folder, 'journal') }),
    serverSettings: [`limit.historyCount.suggestContinueAsNew=${suggestContinueAsNew}`],
    notice,
  });
  const [lake, journal] = [path.join(stage.folder, 'lake'), path.join(stage.folder, 'journal')];
  mkdirSync(lake);
  writeFileSync(journal, '');
  return {
    ...stage,
    lake,
    journal: () =>
      readFileSync(journal, 'utf8')
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as JournalLine])),
  };
}
