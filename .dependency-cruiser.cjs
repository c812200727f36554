'use strict'
// The arrows: wire -> core -> api -> client -> terminal. Each folder may import what its line names, and nothing else.

const model = '^replica/core/model/'

/** What each folder may import from `replica/`, besides itself and the core's model. */
const arrows = [
  { folder: 'core', allowed: [] },
  { folder: 'wire', allowed: [] },
  { folder: 'host', allowed: ['^replica/core/', '^replica/wire/'] },
  { folder: 'drivers', allowed: ['^replica/host/(ports|install)\\.ts$', '^replica/wire/'] },
  { folder: 'api', allowed: ['^replica/host/', '^replica/wire/'] },
  { folder: 'client', allowed: ['^replica/api/(group-)?contract\\.ts$', '^replica/wire/'] },
  { folder: 'terminal', allowed: ['^replica/client/contract/'] },
]

const arrowRules = arrows.map(({ folder, allowed }) => ({
  name: `${folder}-imports-only-its-layers`,
  comment: 'DESIGN: data flows one way, wire -> core -> api -> client -> terminal; see .dependency-cruiser.cjs.',
  severity: 'error',
  from: { path: `^replica/${folder}/` },
  to: { path: '^replica/', pathNot: [`^replica/${folder}/`, model, ...allowed] },
}))

module.exports = {
  forbidden: [
    ...arrowRules,
    {
      name: 'core-is-pure',
      comment: 'The core imports nothing outside itself: no library, nothing of Node.',
      severity: 'error',
      from: { path: '^replica/core/' },
      to: { pathNot: '^replica/core/' },
    },
    {
      name: 'model-stands-alone',
      comment: 'Everyone imports the model, so the model imports nothing but itself.',
      severity: 'error',
      from: { path: model },
      to: { pathNot: model },
    },
    {
      name: 'wire-does-no-input-or-output',
      comment: 'Of Node, wire may use crypto only: it turns bytes into messages and back.',
      severity: 'error',
      from: { path: '^replica/wire/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'replica-knows-no-desktop',
      comment: 'A replica runs on plain Node.',
      severity: 'error',
      from: { path: '^replica/' },
      to: { path: '(^|/)node_modules/(electron|vue|pinia)/|^(electron|vue|pinia)(/|$)' },
    },
    {
      name: 'replica-stays-in-replica',
      comment: 'Nothing of the replica depends on the app, the window, the dev scripts or the tests.',
      severity: 'error',
      from: { path: '^replica/' },
      to: { path: '^(electron|renderer|build|test)/' },
    },
    {
      name: 'desktop-knows-entries-and-contracts',
      comment: 'The app around the window starts replicas by their entry points and knows the client by its contract.',
      severity: 'error',
      from: { path: '^electron/' },
      to: {
        path: '^(replica|renderer|build)/',
        pathNot: ['^replica/[^/]+\\.ts$', '^replica/client/contract/', '^replica/api/contract\\.ts$', model],
      },
    },
    {
      name: 'desktop-contracts-stand-alone',
      comment: 'The window imports them too.',
      severity: 'error',
      from: { path: '^electron/contract/' },
      to: { path: '^electron/', pathNot: '^electron/contract/' },
    },
    {
      name: 'stand-in-stands-alone',
      comment: 'It takes the place of Electron: it knows nothing of the app that it runs.',
      severity: 'error',
      from: { path: '^build/standin/' },
      to: { path: '^(replica|electron|renderer|build)/', pathNot: '^build/standin/' },
    },
    {
      name: 'window-knows-contracts-only',
      comment: 'The window runs in a page: of the host it knows types. bridge.ts is its one door.',
      severity: 'error',
      from: { path: '^renderer/' },
      to: {
        path: '^(replica|electron|build)/',
        pathNot: ['^replica/client/contract/', '^replica/api/contract\\.ts$', model, '^electron/contract/'],
      },
    },
    {
      name: 'window-takes-types-only',
      comment: 'What is imported from outside must leave nothing behind in the bundle.',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^(replica|electron)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'window-has-no-node',
      severity: 'error',
      from: { path: '^renderer/', pathNot: '^renderer/vite\\.config\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'entry-points-are-not-imported',
      comment: 'replica/main.ts and replica/mail.ts put the parts together; parts do not know them.',
      severity: 'error',
      from: { path: '^replica/[^/]+/' },
      to: { path: '^replica/[^/]+\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: { pathNot: '^test/' }, to: { circular: true } },
    {
      name: 'no-cycles-in-tests',
      comment: 'Test code may name types both ways (a simulated machine and its world), but not load both ways.',
      severity: 'error',
      from: { path: '^test/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'app-needs-no-dev-dependency',
      comment: 'What a user runs must be in dependencies.',
      severity: 'error',
      from: { path: '^replica/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'no-unlisted-dependency',
      comment: 'What is imported is named in package.json; axe-core is what @axe-core/playwright brings along.',
      severity: 'error',
      from: { path: '^(replica|electron|renderer|build|test)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], pathNot: '^node_modules/axe-core/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
}
