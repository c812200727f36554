import path from 'node:path'

const preload = `--require=${JSON.stringify(path.join(import.meta.dirname, 'quick-scrypt.cjs'))}`
const others = (process.env['NODE_OPTIONS'] ?? '').replace(preload, '').trim()

/** Passwords cost nothing in the programs that the tests of a file start: in all of them, because a lock must open at each. */
process.env['NODE_OPTIONS'] = `${others} ${preload}`.trim()

/** For a file whose tests have locks of the real cost. */
export const havePasswordsCost = (): void => {
  process.env['NODE_OPTIONS'] = others
}
