export * from './declaration';
export * from './definition';
export * from './events';
export * from './labels';
export * from './names';
export * from './paths';
export * from './settings';
export * from './yaml';
