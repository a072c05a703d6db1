import { readFileSync } from 'node:fs';

/**
 * Loaded into an API process before anything else: its wall clock is off by the milliseconds that the file CHAOS_CLOCK_FILE holds. What is
 * monotonic stays as it is, as on a machine whose clock is set.
 */
const { CHAOS_CLOCK_FILE: file } = process.env;
if (file !== undefined) {
  const RealDate = Date;
  let offset = 0;
  const look = () => {
    try {
      offset = Number(readFileSync(file, 'utf8')) || 0;
    } catch {
      // Nothing was ever set.
    }
  };
  look();
  setInterval(look, 50).unref();
  const realNow = RealDate.now.bind(RealDate);
  const now = () => realNow() + offset;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget === globalThis.Date ? target : newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}
