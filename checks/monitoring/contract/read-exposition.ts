export type Labels = Readonly<Record<string, string>>;
export type Series = { readonly name: string; readonly labels: Labels };

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+(?: \d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The series in the answer of a program to a scrape, in the text format. */
export function readExposition(text: string): Series[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, labels = ''] = SAMPLE.exec(line) ?? [];
      if (name === undefined) throw new Error(`this is no sample: ${line}`);
      return {
        name,
        labels: Object.fromEntries(
          [...labels.matchAll(LABEL)].map(([, label = '', value = '']) => [label, value.replaceAll(/\\(.)/g, '$1')]),
        ),
      };
    });
}
