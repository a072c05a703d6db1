type Headers = Readonly<Record<string, string>>;

export const ok = <Body>(body: Body, headers: Headers = {}) => ({ status: 200, headers, body }) as const;
export const created = <Body>(body: Body, location: string) =>
  ({ status: 201, headers: { Location: location }, body }) as const;
export const NO_CONTENT = { status: 204 } as const;
