/** One JSON object a line: what log collectors take as it is. Never give it a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = (level: 'info' | 'warning' | 'error', message: string, fields?: LogFields) => void;

/** Writes to stdout. */
export const log: Log = (level, message, fields = {}) => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
};
