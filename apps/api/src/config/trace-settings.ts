import { optional, plainText, type Setting, url } from '@phaselock/settings';

/** The address of the trace collector, under the variable name that OpenTelemetry defines. */
export const tracesEndpoint = (group: string): Setting<string | undefined> => {
  const setting = optional(
    url(
      {
        variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
        group,
        meaning:
          'Sends a span of each traced request to `/v1/traces` of this collector, as OTLP over HTTP in JSON ([traces](logs.md#traces)). Absent: nothing is sent',
      },
      ['http:', 'https:'],
    ),
  );
  return {
    ...setting,
    parse: (text) => {
      const parsed = setting.parse(text);
      if ('mistake' in parsed) return parsed;
      const { username, password } = new URL(text);
      return username === '' && password === ''
        ? parsed
        : { mistake: 'must not contain a user name or password: set OTEL_EXPORTER_OTLP_HEADERS instead' };
    },
  };
};

const NAME = /^[!#$%&'*+.^`|~\w-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** The headers of requests to the collector. They may hold a secret, so no message repeats them. */
export const tracesHeaders = (group: string): Setting<Readonly<Record<string, string>>> => ({
  ...plainText(
    {
      variable: 'OTEL_EXPORTER_OTLP_HEADERS',
      group,
      meaning: 'Headers of requests to the collector, for example `authorization`',
    },
    '',
  ),
  form: '`name=value` with commas between them, values percent-encoded',
  parse: (text) => {
    const headers: [string, string][] = [];
    for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
      const at = pair.indexOf('=');
      const [name, value] = [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())];
      if (at < 1 || !NAME.test(name) || value === undefined || !VALUE.test(value))
        return { mistake: 'must be name=value with commas between them, values percent-encoded' };
      headers.push([name, value]);
    }
    return { value: Object.fromEntries(headers) };
  },
});

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
