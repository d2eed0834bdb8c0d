const { transform, transformIgnorePatterns } = require('../../jest.config.cjs');

module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/servers/**/*.test.ts'],
  transform,
  transformIgnorePatterns,
  // Most of the time servers are at work, or waited for.
  maxWorkers: 2,
  testTimeout: 120_000,
  verbose: true,
};
