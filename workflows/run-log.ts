import { log, proxySinks } from '@temporalio/workflow';
import { cutFacts, cutMessage, MAX_LINES, type LogFacts, type LogLevel, type RunLogSinks } from '../src/core/run-log.js';
import type { RunLog } from './types.js';

const { runLog } = proxySinks<RunLogSinks>();

/** The log of one run. It writes nothing into history; a replay writes nothing again. */
export function createRunLog(): RunLog {
  let lines = 0;
  const put = (level: LogLevel, message: string, facts?: LogFacts): void => {
    runLog.write({ attempt: 0, line: ++lines, at: new Date().toISOString(), level, message, ...(facts && { facts }) });
    log[level](message, { ...facts });
  };
  const write = (level: LogLevel, message: string, facts?: LogFacts): void => {
    if (lines < MAX_LINES.pipeline - 1) put(level, cutMessage(message), cutFacts(facts));
    else if (lines < MAX_LINES.pipeline)
      put('warn', `The run has logged ${MAX_LINES.pipeline} lines: nothing more of it is kept.`);
  };
  return {
    info: (message, facts) => write('info', message, facts),
    warn: (message, facts) => write('warn', message, facts),
    error: (message, facts) => write('error', message, facts),
  };
}
