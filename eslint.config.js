import { fileURLToPath } from 'node:url';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import svelteParser from 'svelte-eslint-parser';
import ts from 'typescript-eslint';
import { importCirclesRule } from './tools/lint/importCircles.js';
import { importZonesRule } from './tools/lint/importZones.js';
import { svelteScriptParser } from './tools/lint/svelteScripts.js';

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * All of src shares one program. Otherwise, typescript-eslint would check most of it a second time, for
 * tsconfig.domain.json.
 */
const pageParser = svelteScriptParser(root, 'tsconfig.page.json');

const lineLength = [
  'error',
  { code: 120, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true },
];

/**
 * A longer file has more than one subject. Blank lines count, so that the limit equals the last line number in an
 * editor.
 */
const fileLength = ['error', { max: 300 }];

const typed = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': [
    'error',
    { checksVoidReturn: { attributes: false, arguments: false, properties: false } },
  ],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/no-unnecessary-condition': 'off',
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
  '@typescript-eslint/no-unused-vars': [
    'error',
    { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
  ],
  'no-restricted-syntax': [
    'error',
    {
      selector: 'TSAsExpression > TSAsExpression.expression[typeAnnotation.type="TSUnknownKeyword"]',
      message: 'A cast through unknown hides type errors: check the value, or use the right type.',
    },
  ],
  'max-len': lineLength,
  'max-lines': fileLength,
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-eval': 'error',
  'no-new-func': 'error',
  'recallsmith/import-zones': 'error',
  'recallsmith/import-circles': 'error',
};

export default ts.config(
  {
    ignores: [
      'dist/',
      '.venv/',
      '.cache/',
      '.svelte-check/',
      'out/',
      'public/',
      'test-results/',
      'playwright-report/',
      'bench/peers/',
      'workers/engine/wasm/assembly/',
    ],
  },
  {
    plugins: {
      recallsmith: {
        rules: { 'import-zones': importZonesRule(root), 'import-circles': importCirclesRule(root) },
      },
    },
  },
  ...ts.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ['**/*.ts', '**/*.svelte'] })),
  ...svelte.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte'],
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { project: ['tsconfig.tests.json'], tsconfigRootDir: root },
    },
    rules: typed,
  },
  // One project per file, because typescript-eslint parses the whole program of every project in a list up to the one
  // that has the file.
  { files: ['workers/**/*.ts'], languageOptions: { parserOptions: { project: ['tsconfig.workers.json'] } } },
  { files: ['tools/types/**/*.ts'], languageOptions: { parserOptions: { project: ['tsconfig.domain.json'] } } },
  {
    files: ['src/**/*.ts', '**/*.svelte'],
    languageOptions: { parserOptions: { project: ['tsconfig.page.json'] } },
  },
  { files: ['src/**/*.ts'], languageOptions: { parser: pageParser } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parser: svelteParser,
      // Only for these files: with more extensions, typescript-eslint watches every file for changes.
      parserOptions: {
        parser: pageParser,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      'svelte/no-at-html-tags': 'error',
      // The page uses hash routes, not SvelteKit.
      'svelte/no-navigation-without-resolve': 'off',
      // eslint does not see the types of imported components; svelte-check does and covers these rules.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // State classes use plain maps on purpose: rendering depends on a version counter or an assignment.
      'svelte/prefer-svelte-reactivity': 'off',
      // svelte-check, not eslint, reports the warnings that these comments silence.
      'svelte/no-unused-svelte-ignore': 'off',
      'prefer-const': 'off',
      'svelte/prefer-const': 'off',
    },
  },
  {
    // Tests read golden values from untyped JSON that the project's own scripts wrote.
    files: ['tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { ...globals.node } },
    rules: {
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      'no-undef': 'error',
      'max-len': lineLength,
      'max-lines': fileLength,
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'recallsmith/import-circles': 'error',
    },
  },
  {
    files: ['src/serviceWorker.js'],
    languageOptions: { globals: { ...globals.serviceworker, __FILES__: 'readonly' } },
  },
);
