const BEARER = /^bearer +([\x21-\x7e]{1,8192})$/i;

/** The credential of an Authorization header, whoever it is of. */
export const bearerIn = (authorization: string | undefined): string | undefined =>
  BEARER.exec(authorization ?? '')?.[1];
