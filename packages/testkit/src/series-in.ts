/** The series of an exposition: every line that is a sample, without its value. */
export const seriesIn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/^([^{ ]+(?:\{[^}]*\})?) .*$/, '$1'));
