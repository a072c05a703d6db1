import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Prints one summary line at the end of the run, for people and scripts. On CI a skipped test fails the run. */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      const before = counts.failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'pending') counts.skipped += 1;
        else counts[state] += 1;
      }
      // A file that fails to load has no tests, so it is counted as one failure.
      if (!module.ok() && counts.failed === before) counts.failed += 1;
    }
    const { CI } = process.env;
    if (CI === 'true' && counts.skipped > 0) {
      process.stdout.write(`${counts.skipped} tests were skipped. On CI a skipped test fails the run.\n`);
      process.exitCode = 1;
    }
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}
