module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/cluster/',
    '<rootDir>/test/servers/',
    '<rootDir>/test/images/',
  ],
  transform: { '\\.ts$': '<rootDir>/test/support/typescript.cjs' },
};
