import { check, Subject } from './checks';

/**
 * As the last words of the name, in capitals: `DB_PASSWORD`, `dbPassword`, `API_KEY`, `TOKEN2`, `TOKEN_VALUE`.
 * `TOKENIZER`, `MAX_TOKENS` and `COMPASS` are none, and `PWD` alone is the shell's folder.
 */
const SECRET_NAME = new RegExp(
  '(PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIALS?|(^|_)(TOKEN|PASS)|_PWD|_PAT|' +
    '(API|ACCESS|PRIVATE|SECRET|ENCRYPTION|SIGNING)_?KEY)(_?\\d+)?(_VALUE)?(_?\\d+)?$',
);
/** Says where a secret is, or how it is: a path, an address, a reference, a switch, a small number, a marker, a pattern. */
const HARMLESS_VALUE = new RegExp(
  '^(|true|false|yes|no|on|off|none|/\\S*|\\.{1,2}/\\S*|[a-z][a-z0-9+.-]*://\\S*|' +
    '\\$\\([^)]+\\)|\\$\\{[^}]+\\}|\\d{1,3}(\\.\\d+)?|\\d?\\.\\d+|</?\\w+>|\\[[A-Z]+\\]|\\*\\.\\w+)$',
  'i',
);

/** What nothing but a secret looks like. */
const SECRET_VALUES: readonly RegExp[] = [
  // A password in an address; a reference to one (`$(NAME)`, `${NAME}`, `{{ … }}`, `<name>`) is none.
  /[a-z][a-z0-9+.-]*:\/\/[^\s/?#,@:]*:(?!\$[({]|\{\{|<)[^\s/?#,@]+@/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----/,
  // Tokens of GitHub, GitLab and Slack, and AWS' access keys, by the beginnings that their makers gave them.
  /\bgh[pousr]_\w{20}/,
  /\bgithub_pat_\w{20}/,
  /\bglpat-[\w-]{16}/,
  /\bxox[abpr]-[\w-]{10}/,
  /\bAKIA[0-9A-Z]{16}\b/,
  // A JWT: base64url of `{"…`, of its claims, and a signature.
  /\beyJ[\w-]{5,}\.[\w-]{2,}\.[\w-]{2,}/,
  // A header's token: prose has no digits, and a challenge (`Bearer realm=…`) goes on behind the `=`.
  /\bBearer\s+(?=[\w.~+/-]*\d)[\w.~+/-]{12,}=*(?=\s|$|["',])/i,
];
/** `Basic` and the base64 of `user:password`. */
const BASIC = /\bBasic\s+([A-Za-z0-9+/]{4,}={0,2})(?=\s|$)/i;

/** Whether a variable of this name and value is a secret. */
export const isPlainSecret = (name: string, value: string): boolean =>
  (SECRET_NAME.test(inCapitals(name)) && !HARMLESS_VALUE.test(value)) || looksSecret(value);

const inCapitals = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

/** Whether text is a secret by its own shape, whatever its name. */
export function looksSecret(value: string): boolean {
  if (SECRET_VALUES.some((shape) => shape.test(value))) return true;
  const basic = BASIC.exec(value)?.[1];
  return basic !== undefined && /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(basic, 'base64').toString('latin1'));
}

/** Throws `DeclarationError` when `secret` holds. The value is never repeated. @param fix how to do it instead */
export function refusePlainSecret(subject: Subject, secret: boolean, fix: string): void {
  check(!secret, subject, {
    problem: 'looks like a secret in plain text, which would be readable in git and in the cluster',
    allowed: 'plain values without secrets',
    fix,
  });
}
