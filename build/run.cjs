'use strict'
// Runs on whatever Node the machine has, hence CommonJS and the syntax of Node 12.
// `node build/run.cjs SCRIPT.ts ARGS...` sets the checkout up if need be and runs the script on Node 24.

const childProcess = require('child_process')
const path = require('path')
const url = require('url')
const { bundled, isBundled } = require('./bundle.cjs')
const { loadBundle } = require('./load-bundle.cjs')
const { ended, endWithParent, modules, onStopSignal } = require('./npm.cjs')
const { failSetup, setUp } = require('./setup.cjs')

/**
 * In a rush V8 lets the space for young objects grow to 128 MB, and keeps the pages for hours: a quarter of what a replica takes. A fourth of
 * that does as well.
 */
const anyNodesFlags = ['--max-semi-space-size=16']
/**
 * The optimizing compiler takes the cores of a small machine away from the work: it gets what has run 20,000 times (Maglev has optimized it
 * long before). Maglev itself copies less of one function into another. And a heap of less than 80 MB is not
 * looked through again and again while a rush fills it. Another Node may not know these.
 */
const flagsByMajor = {
  24: [
    '--invocation-count-for-turbofan=20000',
    '--max-maglev-inlined-bytecode-size-cumulative=300',
    '--initial-old-space-size=80',
  ],
}
const nodeFlags = anyNodesFlags.concat(flagsByMajor[process.versions.node.split('.')[0]] || [])
const exitCodes = { failure: 1, usage: 2, unsettledAwait: 13, signalBase: 128 }
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }

/** In this process: a replica started by npm is then one process, which gets signals itself. */
async function runHere(script, args) {
  const file = await bundled(script)
  process.argv = [process.execPath, file].concat(args)
  if (isBundled(script) && file.endsWith('.js')) {
    loadBundle(file)
    return
  }
  require('module').enableCompileCache(path.join(modules, '.cache', 'compile'))

  // What Node does by itself for a main module that waits for what cannot come any more.
  const onIdle = () => {
    process.stderr.write(`${script}: nothing is left to do, but its top-level await never ended\n`)
    process.exit(exitCodes.unsettledAwait)
  }
  process.once('beforeExit', onIdle)
  import(url.pathToFileURL(file).href).then(
    () => process.removeListener('beforeExit', onIdle),
    (error) => {
      console.error(error)
      process.exit(exitCodes.failure)
    },
  )
}

async function runThere(node, script, args) {
  // It begins again with those of its own.
  const command = anyNodesFlags.concat(process.execArgv, __filename, script, args)
  const child = childProcess.spawn(node, command, { stdio: 'inherit', env: envOfFewHeaps() })
  onStopSignal((signal) => {
    // A terminal has already given SIGINT to the whole process group.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  })
  const end = await ended(child)
  if (end.error !== null) throw end.error
  process.exit(end.code === null ? exitCodes.signalBase + (signalNumbers[end.signal] || 0) : end.code)
}

/** By default glibc gives every thread a heap of its own and hands little of it back: five times the memory for nothing. */
function envOfFewHeaps() {
  return Object.assign({ MALLOC_ARENA_MAX: '2' }, process.env)
}

/** glibc and V8 read it when a process begins, so this one begins again, as the same process; what it starts has it from the beginning. */
function haveSmallHeaps() {
  if (process.execve === undefined) return
  const hasFewHeaps = process.platform !== 'linux' || process.env.MALLOC_ARENA_MAX !== undefined
  if (hasFewHeaps && nodeFlags.every((flag) => process.execArgv.includes(flag))) return
  const args = nodeFlags.concat(process.execArgv, process.argv.slice(1))
  process.execve(process.execPath, [process.argv[0]].concat(args), envOfFewHeaps())
}

haveSmallHeaps()
const script = process.argv[2]
if (script === undefined) {
  process.stderr.write('usage: node build/run.cjs SCRIPT.ts ARGS...\n')
  process.exitCode = exitCodes.usage
} else {
  const args = process.argv.slice(3)
  endWithParent()
  setUp()
    .then((node) => (node === process.execPath ? runHere(script, args) : runThere(node, script, args)))
    .catch(failSetup)
}
