/** Finds the API key in the output of `keys create`, which prints it once, on its own line. */
export function keyIn(said: string): string {
  const [key] = /^plk_\S+$/m.exec(said) ?? [];
  if (key === undefined) throw new Error(`no key in: ${said}`);
  return key;
}
