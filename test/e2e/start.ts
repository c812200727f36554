import { spawn } from 'node:child_process'
import { chooseRuntime } from '../../build/app/electron-runtime.ts'
import { root } from '../../build/stages.ts'

/** Starts the program as a person does, without Playwright. */
export const start = (args: readonly string[], environment: NodeJS.ProcessEnv = process.env) => {
  const { program, environment: ofRuntime } = chooseRuntime()
  const child = spawn(program, [root, ...args], {
    env: { ...environment, ...ofRuntime },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  return { child, output: () => output }
}
