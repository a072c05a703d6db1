/** The known words that are similar to the written one, the most similar first. */
export function didYouMean(written: string, known: Iterable<string>, most = 3): string[] {
  const farthest = Math.max(2, Math.floor(written.length / 3));
  return [...known]
    .map((word) => ({ word, distance: distanceOf(written, word) }))
    .filter(({ distance }) => distance <= farthest)
    .toSorted((one, other) => one.distance - other.distance || one.word.localeCompare(other.word))
    .slice(0, most)
    .map(({ word }) => word);
}

/** The number of letters to add, remove or change. */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [down, letter] of [...one].entries()) {
    const next = [down + 1];
    for (const [across, another] of [...other].entries())
      next.push(
        Math.min(
          (row[across] ?? 0) + (letter === another ? 0 : 1),
          (row[across + 1] ?? 0) + 1,
          (next[across] ?? 0) + 1,
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
