const CHARSET = /^charset\s*=\s*"?utf-?8"?$/i;

/** Compares a Content-Type header. UTF-8, the only charset of JSON, may be stated. */
export function isMediaType(header: string | undefined, expected: string): boolean {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim());
  if (parameters.at(-1) === '') parameters.pop();
  const [charset, ...more] = parameters;
  return type.toLowerCase() === expected && more.length === 0 && (charset === undefined || CHARSET.test(charset));
}
