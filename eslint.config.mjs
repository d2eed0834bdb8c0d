import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const rooms = (...patterns) => ({
  'no-restricted-imports': [
    'error',
    { patterns: patterns.map((group) => ({ group: [group], message: 'docs/ARCHITECTURE.md: rooms' })) },
  ],
});

export default tseslint.config(
  { ignores: ['lib/**', 'dist/**', 'imports/**', 'node_modules/**', 'coverage/**'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        performance: 'readonly',
        fetch: 'readonly',
      },
    },
  },
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['warn', 320],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { module: 'writable', require: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  // Who may know whom: cli ▶ synth ▶ environment ▶ constructs ▶ contract ◀ programs.
  {
    files: ['src/contract/**'],
    rules: rooms(
      '**/constructs/**',
      '**/environment/**',
      '**/synth/**',
      '**/cli/**',
      '**/programs/**',
      'cdk8s*',
      'fs',
      'node:fs',
    ),
  },
  {
    files: ['src/programs/**'],
    rules: rooms('**/constructs/**', '**/environment/**', '**/synth/**', '**/cli/**', 'cdk8s*'),
  },
  { files: ['src/constructs/**'], rules: rooms('**/environment/**', '**/synth/**', '**/cli/**', '**/programs/*/**') },
  { files: ['src/environment/**'], rules: rooms('**/synth/**', '**/cli/**', '**/programs/*/**') },
  { files: ['src/synth/**'], rules: rooms('**/cli/**', '**/programs/*/**') },
);
