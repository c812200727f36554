import path from 'node:path'
import { defineConfig } from '@playwright/test'
import { chooseRuntime } from '../../build/app/electron-runtime.ts'
import { cacheFolder } from '../../build/stages.ts'

const testTimeoutMs = 180_000
const expectTimeoutMs = 20_000

/** The same specs on Electron and on the stand-in; the name before each result says on which of them. */
export default defineConfig({
  testDir: import.meta.dirname,
  testMatch: '*.spec.ts',
  globalSetup: './prepare.ts',
  outputDir: path.join(cacheFolder, 'e2e'),
  projects: [{ name: chooseRuntime().kind === 'electron' ? 'on Electron' : 'on the stand-in' }],
  // Each test runs five replicas: more at the same time would be taken for a slow network.
  workers: 1,
  fullyParallel: false,
  timeout: testTimeoutMs,
  expect: { timeout: expectTimeoutMs },
  reporter: [['list'], ['json', { outputFile: path.join(cacheFolder, 'test-results', 'e2e.json') }]],
})
