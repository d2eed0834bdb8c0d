/**
 * How long to wait after a try that failed, in ms: twice as long each time. Half of it is random, so that those which failed
 * together don't come back together.
 * @param tries from 1
 */
export const backOffMs = (tries: number, firstMs: number, longestMs: number): number =>
  Math.min(firstMs * 2 ** (tries - 1), longestMs) * (0.5 + Math.random() / 2);
