'use strict'
// Loads a bundle with the compiled code of the functions that a start runs. Node's own cache of compiled code has of a module only what
// is compiled before any of it runs, so that a start would compile some thousand functions one by one: a third of its time.

const { Buffer } = require('buffer')
const fs = require('fs')
const nodeModule = require('module')
const path = require('path')
const vm = require('vm')
const zlib = require('zlib')

/** How long a start may take that people wait for. */
const startMs = 2000
/** Before the code: padded, because V8 wants it aligned. */
const sumBytes = 16

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
  const cachedData = kept(cache)
  const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  return new vm.Script(source, { filename: chunk, cachedData, importModuleDynamically })
}

/** V8 itself does not look whether what it takes is whole: of a damaged one it crashes, or runs something else. */
function kept(cache) {
  if (!fs.existsSync(cache)) return undefined
  const bytes = fs.readFileSync(cache)
  const isWhole = bytes.length > sumBytes && zlib.crc32(bytes.subarray(sumBytes)) === bytes.readUInt32LE(0)
  return isWhole ? bytes.subarray(sumBytes) : undefined
}

/** Written beside and renamed, so that of several processes that start at once none reads half of it. */
function keep(script, cache) {
  const temporary = `${cache}.${process.pid}`
  try {
    const code = script.createCachedData()
    const sum = Buffer.alloc(sumBytes)
    sum.writeUInt32LE(zlib.crc32(code))
    fs.writeFileSync(temporary, Buffer.concat([sum, code]))
    fs.renameSync(temporary, cache)
  } catch {
    // The next start compiles it again.
  }
}

module.exports = { loadBundle }
