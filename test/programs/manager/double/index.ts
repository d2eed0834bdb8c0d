export { Client } from './client';
export type { Reply, ServerAt, WatchEvent } from './client';
export type { ApiObject, GivenObject } from './objects';
export type { Allow, Options, Recorded } from './server';
export { ApiServerDouble } from './server';
