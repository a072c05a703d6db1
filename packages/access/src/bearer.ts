const BEARER = /^bearer +([\x21-\x7e]{1,8192})$/i;

/** The bearer credential in an Authorization header. */
export const bearerIn = (authorization: string | undefined): string | undefined =>
  BEARER.exec(authorization ?? '')?.[1];
