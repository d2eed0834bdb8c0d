/** Public API: the constructs, what they are configured with, and the environments made of them. */
export * from './contract';
export * from './constructs';
export * from './environment';
export * from './synth';
