/**
 * The bucket and the capabilities of its server, as parsed from the archive address. Credentials come from the usual
 * places of the AWS SDK.
 */
export type S3Options = {
  readonly bucket: string;
  /** Prefix of every key; empty, or ending in a slash. */
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly pathStyle: boolean;
  /** `when-required` is for servers without support for the newer checksums. */
  readonly checksum: 'when-supported' | 'when-required';
  /** `off` accepts a bucket without versioning; every start then logs a warning. */
  readonly versioning: 'required' | 'off';
  readonly timeoutMs: number;
};
