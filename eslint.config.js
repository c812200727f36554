import javascript from '@eslint/js'
import prettier from 'eslint-config-prettier/flat'
import { defineConfig, globalIgnores } from 'eslint/config'
import vue from 'eslint-plugin-vue'
import typescript from 'typescript-eslint'

/** Later blocks replace a rule's options, they do not add to them: hence lists to spread. */
const everywhere = [
  { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that has it.' },
  { selector: 'TSEnumDeclaration', message: 'No enums: a union of literals or an `as const` object.' },
  {
    selector:
      ":function[returnType.typeAnnotation.type!='TSTypePredicate'] > Identifier.params > TSTypeAnnotation > TSBooleanKeyword",
    message: 'No boolean parameters: two functions, or a union of words that says what it does.',
  },
]
const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' }

const ambientTime = ['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']
const viaClockPort = ambientTime.map((name) => ({ name, message: 'Time comes through the clock port.' }))
const noAmbientChance = {
  object: 'Math',
  property: 'random',
  message: 'Chance is a seeded generator that is passed in.',
}

const ofEntryPoints = [
  { object: 'process', property: 'env', message: 'The environment is read in the entry points.' },
  { object: 'process', property: 'exit', message: 'Only an entry point ends the process.' },
]

const impure = [
  ...['clearTimeout', 'clearInterval', 'clearImmediate', 'console', 'process', 'Buffer', 'crypto', 'Promise', 'fetch'],
  ...['globalThis', 'global', 'require', 'Intl', 'WeakRef', 'FinalizationRegistry', 'structuredClone', 'Atomics'],
].map((name) => ({ name, message: 'The core is pure and deterministic: events in, effects out.' }))

const coreSyntax = [
  { selector: ':function[async=true]', message: 'The core does not wait: what it waits for comes as an event.' },
  { selector: 'AwaitExpression', message: 'The core does not wait: what it waits for comes as an event.' },
  { selector: 'ForOfStatement[await=true]', message: 'The core does not wait: what it waits for comes as an event.' },
  { selector: "TSTypeReference > Identifier[name='Promise']", message: 'The core has no promises.' },
  { selector: 'ImportExpression', message: 'The core imports statically.' },
  {
    selector: 'MemberExpression > Identifier.property[name=/^(localeCompare|toLocale.*)$/]',
    message: "Differs with the machine's locale: replicas would disagree.",
  },
]

export default defineConfig(
  globalIgnores(['dist/', 'out/', 'coverage/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  javascript.configs.recommended,
  {
    files: ['**/*.ts', '**/*.vue'],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.vue'] },
    },
    rules: {
      'no-restricted-syntax': ['error', ...everywhere, noDefaultExport],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 80, skipComments: true }],
      complexity: ['error', { max: 20, variant: 'modified' }],
      eqeqeq: 'error',
      'no-console': 'off',
      'no-param-reassign': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // Names that come from outside are marked as such: fields['name'].
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // It asks for `!`, which is refused.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // An async method without await turns what it throws into a rejection, as its port promises.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['replica/*/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': ['error', ...ofEntryPoints],
    },
  },
  {
    files: ['replica/wire/**/*.ts', 'replica/host/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...viaClockPort],
      'no-restricted-properties': ['error', ...ofEntryPoints, noAmbientChance],
    },
  },
  {
    files: ['replica/core/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...viaClockPort, ...impure],
      'no-restricted-properties': ['error', noAmbientChance],
      'no-restricted-syntax': ['error', ...everywhere, noDefaultExport, ...coreSyntax],
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^[^.]', message: 'The core imports only its own files.' }] },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // vitest's matchers (expect.any and the like) are `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: typescript.parser } },
    rules: {
      // A component is the default export of its file.
      'no-restricted-syntax': ['error', ...everywhere],
      'no-undef': 'off',
      'max-lines': ['error', { max: 300 }],
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/define-props-destructuring': 'error',
      'vue/no-v-html': 'error',
      // TypeScript says which properties are optional.
      'vue/require-default-prop': 'off',
    },
  },
  {
    files: ['renderer/**/*.ts', 'renderer/**/*.vue', 'test/renderer/**/*.ts', 'test/renderer/**/*.vue'],
    rules: {
      // A store's or a composable's function is what elsewhere is a class.
      'max-lines-per-function': ['error', { max: 160, skipComments: true }],
      // A template's handler may be async: what it throws, it has told.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    },
  },
  {
    files: ['renderer/**/*.d.ts'],
    rules: { 'no-restricted-syntax': 'off', '@typescript-eslint/consistent-type-definitions': 'off' },
  },
  {
    files: ['**/*.config.ts', 'test/e2e/prepare.ts'],
    rules: { 'no-restricted-syntax': ['error', ...everywhere] },
  },
  {
    files: ['**/*.cjs', '**/*.js'],
    languageOptions: {
      globals: { __dirname: 'readonly', __filename: 'readonly', console: 'readonly', process: 'readonly' },
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { setInterval: 'readonly', clearInterval: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly' },
    },
  },
  {
    // Runs on whatever Node the machine has.
    files: ['build/*.cjs'],
    languageOptions: { ecmaVersion: 2020 },
  },
  prettier,
)
