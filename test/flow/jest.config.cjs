const { transform, transformIgnorePatterns } = require('../../jest.config.cjs');

module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/flow/**/*.test.ts'],
  transform,
  transformIgnorePatterns,
  testTimeout: 120_000,
  verbose: true,
};
