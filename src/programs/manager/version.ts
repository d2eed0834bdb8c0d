// The one name alone: the bundle then holds the version, and doesn't change with whatever else is in the file.
export { version as VERSION } from '../../../package.json';
