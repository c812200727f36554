'use strict'
// Loads a bundle with the compiled code of the functions that a start runs. Node's own cache of compiled code has of a module only what
// is compiled before any of it runs, so that a start would compile some thousand functions one by one: a third of its time.

const fs = require('fs')
const nodeModule = require('module')
const path = require('path')
const vm = require('vm')

/** How long a start may take that people wait for. */
const startMs = 2000

/** Runs the bundle `file`, whose other chunks are beside it. Each bundle has a cache of its own, since it starts in its own way. */
function loadBundle(file) {
  const loaded = new Map()
  const uncached = []
  const load = (chunk) => {
    const known = loaded.get(chunk)
    if (known !== undefined) return known.exports
    const made = { exports: {} }
    loaded.set(chunk, made)
    const cache = `${chunk}.${path.basename(file, '.js')}.cache`
    const script = compile(chunk, cache)
    if (script.cachedDataRejected !== false) uncached.push({ script, cache })
    const requireBuiltin = nodeModule.createRequire(chunk)
    const resolve = (id) => (id.startsWith('./') ? load(path.join(path.dirname(chunk), id)) : requireBuiltin(id))
    script.runInThisContext()(made.exports, resolve, made, chunk, path.dirname(chunk))
    return made.exports
  }
  load(file)
  setTimeout(() => {
    for (const { script, cache } of uncached) keep(script, cache)
    // Interpreted code is slow, and a replica has next to nothing to do between two mails, so that most of its code would be
    // interpreted for long; but a start runs most of its code once. The cached code goes by the flags: it is made before.
    require('v8').setFlagsFromString('--always-sparkplug')
  }, startMs).unref()
}

function compile(chunk, cache) {
  const source = `(function (exports, require, module, __filename, __dirname) {${fs.readFileSync(chunk, 'utf8')}\n})`
  const cachedData = fs.existsSync(cache) ? fs.readFileSync(cache) : undefined
  const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  return new vm.Script(source, { filename: chunk, cachedData, importModuleDynamically })
}

/** Written beside and renamed, so that of several processes that start at once none reads half of it. */
function keep(script, cache) {
  const temporary = `${cache}.${process.pid}`
  try {
    fs.writeFileSync(temporary, script.createCachedData())
    fs.renameSync(temporary, cache)
  } catch {
    // The next start compiles it again.
  }
}

module.exports = { loadBundle }
