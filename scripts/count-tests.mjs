// Prints "PASSED FAILED" from vitest's JSON report. A skipped test, a missing report and an exit code that no failed test
// explains (an error outside of any test) each count as a failure.
import { readFileSync } from 'node:fs';

const [file, exitCode] = process.argv.slice(2);
let passed = 0;
let failed = 0;
try {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed = report.numPassedTests;
  failed = report.numTotalTests - report.numPassedTests;
} catch {
  // No report: the exit code speaks.
}
if (failed === 0 && (exitCode !== '0' || passed === 0)) failed = 1;
console.log(`${passed} ${failed}`);
