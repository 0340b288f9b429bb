import js from '@eslint/js'
import functional from 'eslint-plugin-functional'
import tseslint from 'typescript-eslint'

const uvuOnlyInTheHarness = {
  paths: [
    { name: 'uvu', message: 'uvu exits 0 in five ways that hide failures: use suite from @diffeo/testing' },
    { name: 'uvu/assert', message: 'use the assertions of @diffeo/testing' },
  ],
}

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'out/**', '**/.cache/**', 'docs/.vitepress/**'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { functional },
    rules: {
      'no-undef': 'off',
      'no-restricted-imports': ['error', uvuOnlyInTheHarness],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'named exports only' },
        { selector: 'TSEnumDeclaration', message: 'use a union of literals' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      'functional/prefer-readonly-type': 'off',
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['**/*.test.ts', 'packages/cli/**', 'packages/diffeo/**'],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['packages/core/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*', 'io-ts', 'io-ts/*', '@diffeo/*'], message: 'core imports none of ours, no Node API and no io-ts' },
          ],
          ...uvuOnlyInTheHarness,
        },
      ],
      'functional/no-classes': 'error',
    },
  },
  { files: ['tests/harness/**', 'tests/run.ts'], rules: { 'no-restricted-imports': 'off', 'no-console': 'off' } },
  { files: ['**/*.js', '**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } } },
)
