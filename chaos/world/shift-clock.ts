import { readFileSync } from 'node:fs';

/**
 * Loaded into an API process before all other modules. Shifts the wall clock by the milliseconds in the file
 * CHAOS_CLOCK_FILE; monotonic clocks are unchanged, as on a machine whose clock is set.
 */
const { CHAOS_CLOCK_FILE: file } = process.env;
if (file !== undefined) {
  const RealDate = Date;
  let offset = 0;
  const look = () => {
    try {
      offset = Number(readFileSync(file, 'utf8')) || 0;
    } catch {
      // The file does not exist until a shift is set.
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
