const QUANTITY = /^([+-]?)(\d*)\.?(\d*)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/;
const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const SMALL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3 };

/** Billionths in one: the finest step that a quantity knows. */
const ONE = 1_000_000_000n;
const MILLI = ONE / 1000n;
/** Largest whole number that the API holds (int64): the API server would take less than was asked for. */
export const LARGEST = 2n ** 63n - 1n;

/**
 * Kubernetes quantity (of cores, of bytes) in billionths, exactly: what is finer is rounded up, as the API server does
 * it. `undefined` when it is none.
 */
export function parseQuantity(text: string): bigint | undefined {
  const [, sign, whole = '', fraction = '', unit = ''] = QUANTITY.exec(text) ?? [];
  const digits = whole + fraction;
  if (digits === '') return undefined;
  const [power, factor] = unitOf(unit, digits.length);
  const exponent = power - fraction.length + 9;
  const scaled = BigInt(digits) * factor * 10n ** BigInt(Math.max(0, exponent));
  return (sign === '-' ? -1n : 1n) * ceilDivide(scaled, 10n ** BigInt(Math.max(0, -exponent)));
}

/** Power of ten, and a factor beside it. */
function unitOf(unit: string, digits: number): readonly [power: number, factor: bigint] {
  if (/^[eE][-+\d]/.test(unit)) {
    // What no number of these digits makes possible again need not be computed: `1e999999999`.
    const limit = digits + 40;
    return [Math.max(-limit, Math.min(limit, Number(unit.slice(1)))), 1n];
  }
  if (BINARY.includes(unit)) return [0, 1024n ** BigInt(BINARY.indexOf(unit))];
  return [SMALL[unit] ?? 3 * DECIMAL.indexOf(unit), 1n];
}

/** @returns the whole number above `a / b`, or their quotient itself */
const ceilDivide = (a: bigint, b: bigint) => (a + b - 1n) / b;

/** Thousandths of a core, which CPU is shared in, rounded up. */
export const millisOf = (quantity: bigint) => ceilDivide(quantity, MILLI);

/** Whole bytes, rounded up. */
export const bytesOf = (quantity: bigint) => ceilDivide(quantity, ONE);

/** Whether it is a whole number of thousandths. */
export const isWholeMillis = (quantity: bigint) => quantity % MILLI === 0n;

/** CPU as the API server writes it: `0.5` → `500m`, `1000m` → `1`. Manifests say it so, or tools see a difference. */
export function canonicalCpu(text: string): string {
  const millis = millisOf(parseQuantity(text)!);
  return millis % 1000n === 0n ? String(millis / 1000n) : `${millis}m`;
}

/** Bytes as the API server writes them: `1024Mi` → `1Gi`, `1000M` → `1G`, `1.5Gi` → `1536Mi`. */
export function canonicalBytes(text: string): string {
  const bytes = bytesOf(parseQuantity(text)!);
  const [units, step] = text.endsWith('i') ? [BINARY, 1024n] : [DECIMAL, 1000n];
  let power = 0;
  while (power < units.length - 1 && bytes % step ** BigInt(power + 1) === 0n) power++;
  return `${bytes / step ** BigInt(power)}${units[power]}`;
}
