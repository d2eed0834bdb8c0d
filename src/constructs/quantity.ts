const QUANTITY = /^([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/;
const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const SMALL: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, m: 1e-3 };

/** Kubernetes quantity as a number (of cores, of bytes), for comparing; `undefined` when it is none. */
export function parseQuantity(text: string): number | undefined {
  const [, sign, digits, unit = ''] = QUANTITY.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * unitFactor(unit) * (sign === '-' ? -1 : 1);
}

function unitFactor(unit: string): number {
  if (/^[eE]./.test(unit)) return Number(`1${unit}`);
  return SMALL[unit] ?? (BINARY.includes(unit) ? 1024 ** BINARY.indexOf(unit) : 1000 ** DECIMAL.indexOf(unit));
}

/** CPU as the API server writes it: `0.5` → `500m`, `1000m` → `1`. Manifests say it so, or tools see a difference. */
export function canonicalCpu(text: string): string {
  const millis = Math.ceil(Math.round(parseQuantity(text)! * 1e6) / 1e3);
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}

/** Bytes as the API server writes them: `1024Mi` → `1Gi`, `1000M` → `1G`, `1.5Gi` → `1536Mi`. */
export function canonicalBytes(text: string): string {
  const bytes = Math.ceil(parseQuantity(text)!);
  const [units, step] = text.endsWith('i') ? [BINARY, 1024] : [DECIMAL, 1000];
  let power = 0;
  while (power < units.length - 1 && bytes % step ** (power + 1) === 0) power++;
  return `${bytes / step ** power}${units[power]}`;
}
