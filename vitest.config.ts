import rendererConfig from './renderer/vite.config.ts'
import { defineConfig } from 'vitest/config'

const clusterTestTimeoutMs = 120_000
/** Nothing of one process takes this long, also where it has what other processes leave of the processor. */
const testTimeoutMs = 30_000

const project = (name: string) => ({ name, include: [`test/${name}/**/*.test.ts`] })

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: testTimeoutMs,
    hookTimeout: testTimeoutMs,
    // Whatever the tests are started from: a terminal in memory can move its cursor.
    env: { TERM: 'xterm' },
    projects: [
      { extends: true, test: project('unit') },
      {
        plugins: rendererConfig.plugins,
        define: rendererConfig.define,
        test: {
          ...project('renderer'),
          environment: 'happy-dom',
          setupFiles: ['test/renderer/setup.ts'],
          testTimeout: testTimeoutMs,
        },
      },
      {
        extends: true,
        test: {
          name: 'property',
          include: ['property', 'simulation', 'exploration'].map((folder) => `test/${folder}/**/*.test.ts`),
        },
      },
      { extends: true, test: project('conformance') },
      { extends: true, test: project('network') },
      {
        extends: true,
        test: {
          ...project('security'),
          fileParallelism: false,
          testTimeout: clusterTestTimeoutMs,
          hookTimeout: clusterTestTimeoutMs,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...project('cluster'),
          fileParallelism: false,
          testTimeout: clusterTestTimeoutMs,
          hookTimeout: clusterTestTimeoutMs,
          // Apart from the others, whose load would be taken for a slow network.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
