/** @param ms of `performance.now()` */
export const secondsSince = (ms: number) => (performance.now() - ms) / 1000;
