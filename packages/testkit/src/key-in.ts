/** The key among what `keys create` says. It is said once, on a line of its own. */
export function keyIn(said: string): string {
  const [key] = /^plk_\S+$/m.exec(said) ?? [];
  if (key === undefined) throw new Error(`no key in: ${said}`);
  return key;
}
