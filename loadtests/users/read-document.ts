/** The description of an operation in the OpenAPI document, as far as a client needs it. */
export type DescribedOperation = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly sends: 'json' | 'ndjson' | 'nothing';
  /** The codes of the problems it may return. */
  readonly codes: readonly string[];
  /** By status: the required fields of a JSON response; undefined if the response is not JSON. */
  readonly answers: Readonly<Record<string, readonly string[] | undefined>>;
};

type Media = { readonly schema?: { readonly $ref?: string; readonly required?: readonly string[] } };
type Content = Readonly<Record<string, Media>>;
type Described = {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
};
export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly required?: readonly string[] }>> };
};

const METHODS: readonly string[] = ['get', 'post', 'put', 'delete'];

/** Reads the operations from the OpenAPI document, because k6 cannot load the packages of the contract. */
export function operationsIn({ paths, components }: Document): readonly DescribedOperation[] {
  const requiredOf = ({ schema }: Media): readonly string[] => {
    const name = schema?.$ref?.split('/').at(-1);
    return (name === undefined ? schema : components.schemas[name])?.required ?? [];
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, { operationId, requestBody, responses }]) => ({
        id: operationId,
        method: method.toUpperCase(),
        path,
        sends: sentOf(requestBody?.content),
        codes: Object.values(responses).flatMap(({ description }) => codesIn(description)),
        answers: Object.fromEntries(
          Object.entries(responses)
            .filter(([status]) => Number(status) < 300)
            .map(([status, { content }]) => {
              const types = Object.keys(content ?? {});
              const json = content?.['application/json'];
              return [status, types.length === 1 && json !== undefined ? requiredOf(json) : undefined];
            }),
        ),
      })),
  );
}

function sentOf(content: Content | undefined): DescribedOperation['sends'] {
  if (content === undefined) return 'nothing';
  return 'application/json' in content ? 'json' : 'ndjson';
}

/** Each problem code begins a line of the description. */
const codesIn = (description: string): string[] =>
  [...description.matchAll(/^`([a-z_]+)`:/gm)].flatMap(([, code]) => (code === undefined ? [] : [code]));
