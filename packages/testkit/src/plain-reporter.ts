import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Ends the run with one line that people and scripts read alike. On CI a skipped test fails the run. */
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
      // A file that does not load has no tests that could fail.
      if (!module.ok() && counts.failed === before) counts.failed += 1;
    }
    const { CI } = process.env;
    if (CI === 'true' && counts.skipped > 0) {
      process.stdout.write(`On CI nothing is skipped, and ${counts.skipped} were.\n`);
      process.exitCode = 1;
    }
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}
