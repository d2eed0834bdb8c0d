/** For whoever wants to know how much and how fast, beside the test's name. */
export const tell = (numbers: object) => process.stderr.write(`      ${JSON.stringify(numbers)}\n`);

/** @param each what each of them took, in ms */
export function tellLatency(what: string, each: readonly number[]): void {
  const sorted = [...each].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.ceil(sorted.length * part) - 1]?.toFixed(1);
  const numbers = `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
  process.stderr.write(`      ${what}: ${sorted.length} answers, ${numbers}\n`);
}
