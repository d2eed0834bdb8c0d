/** As a `Status` tells what was wrong with which fields. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface Details {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

interface Failure {
  readonly code: number;
  readonly reason?: string;
  readonly message: string;
  readonly details?: Details;
  /** Of the list's metadata: a token to go on with, though the list is too old. */
  readonly continue?: string;
}

/** An answer that is no success, thrown by whoever knows it. */
export class Refusal extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** What a Status is about: `group` is left out for core, and `kind` is the plural, or the kind when it is invalid. */
export interface Subject {
  readonly group: string;
  readonly plural: string;
}

const groupOf = ({ group }: Subject) => (group ? { group } : {});
const qualified = ({ plural, group }: Subject) => (group ? `${plural}.${group}` : plural);

export function failureStatus({ code, reason, message, details, continue: token }: Failure): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: token ? { continue: token } : {},
    status: 'Failure',
    message,
    ...(reason ? { reason } : {}),
    ...(details ? { details } : {}),
    code,
  };
}

export function successStatus(subject: Subject, name: string, uid: string): object {
  const details = { name, ...groupOf(subject), kind: subject.plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

export const badRequest = (message: string) => new Refusal({ code: 400, reason: 'BadRequest', message });

export const unauthorized = () => new Refusal({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });

export const notFound = (subject: Subject, name: string) =>
  new Refusal({
    code: 404,
    reason: 'NotFound',
    message: `${qualified(subject)} "${name}" not found`,
    details: { name, ...groupOf(subject), kind: subject.plural },
  });

export const noSuchResource = () =>
  new Refusal({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  });

export const methodNotAllowed = () =>
  new Refusal({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });

export const alreadyExists = (subject: Subject, name: string) =>
  new Refusal({
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualified(subject)} "${name}" already exists`,
    details: { name, ...groupOf(subject), kind: subject.plural },
  });

export const conflict = (subject: Subject, name: string) =>
  new Refusal({
    code: 409,
    reason: 'Conflict',
    message:
      `Operation cannot be fulfilled on ${qualified(subject)} "${name}": the object has been modified; ` +
      'please apply your changes to the latest version and try again',
    details: { name, ...groupOf(subject), kind: subject.plural },
  });

export const expired = (message: string, token?: string) =>
  new Refusal({ code: 410, reason: 'Expired', message, continue: token });

/** @param kind of the object, e.g. `Job` */
export function invalid({ group }: { readonly group: string }, kind: string, name: string, causes: Cause[]): Refusal {
  const told = causes.map(({ field, message }) => `${field}: ${message}`);
  const summary = told.length === 1 ? told[0] : `[${told.join(', ')}]`;
  return new Refusal({
    code: 422,
    reason: 'Invalid',
    message: `${group ? `${kind}.${group}` : kind} "${name}" is invalid: ${summary}`,
    details: { ...(name ? { name } : {}), ...(group ? { group } : {}), kind, causes },
  });
}
