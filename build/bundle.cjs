'use strict'
// A replica loads some 500 modules of libraries; one file loads in a fifth of the time.

const childProcess = require('child_process')
const crypto = require('crypto')
const fs = require('fs')
const path = require('path')
const { ended, modules, root } = require('./npm.cjs')

/** The scripts that are bundled, by the name of their bundle; a checkout may be without its tests. */
const entries = Object.fromEntries(
  Object.entries({
    'replica/main.ts': 'main',
    'replica/mail.ts': 'mail',
    'test/bench/app-person.ts': 'app-person',
  }).filter(([script]) => fs.existsSync(path.join(root, script))),
)
const keptMs = 24 * 60 * 60 * 1000
const folder = path.join(modules, '.cache', 'bundle')

const bundleOf = (script) => entries[script.split(path.sep).join('/')]

/** Whether a script runs as a bundle. */
const isBundled = (script) => bundleOf(script) !== undefined

/**
 * The file to run for a script of this checkout: its bundle, made anew when a source or the dependencies have changed, or
 * the script itself when it is none of `entries`.
 */
async function bundled(script) {
  const name = bundleOf(script)
  if (name === undefined) return path.resolve(script)
  const version = sourcesVersion()
  const made = path.join(folder, version)
  try {
    if (!fs.existsSync(made)) await bundleAside(made)
  } catch (error) {
    // A checkout that belongs to somebody else, or a full disk: slower, and the same program.
    process.stderr.write(`${script} runs from its sources: ${error.message}\n`)
    return path.resolve(script)
  }
  return path.join(made, `${name}.js`)
}

/** Changes whenever a source file or the lockfile does. */
function sourcesVersion() {
  const digest = crypto.createHash('sha256')
  for (const file of [path.join(root, 'package-lock.json'), __filename, ...sources(path.join(root, 'replica'))]) {
    const { mtimeMs, size } = fs.statSync(file)
    digest.update(`${file} ${mtimeMs} ${size}\n`)
  }
  return digest.digest('hex').slice(0, 16)
}

function sources(directory) {
  const found = fs
    .readdirSync(directory, { withFileTypes: true })
    .sort((left, right) => (left.name < right.name ? -1 : 1))
  return found.flatMap((entry) => {
    const file = path.join(directory, entry.name)
    return entry.isDirectory() ? sources(file) : [file]
  })
}

/** By another process: the bundler would leave its memory behind, 350 MB, in one that then runs for weeks. */
async function bundleAside(made) {
  const child = childProcess.spawn(process.execPath, [__filename, made], { stdio: ['ignore', 2, 2] })
  const { error, code, signal } = await ended(child)
  if (error !== null) throw error
  if (code !== 0) throw new Error(`bundling ended with ${signal === null ? `exit code ${code}` : signal}`)
}

/** Made beside and renamed, so that of several processes that start at once none sees half a bundle. */
async function bundle(made) {
  const { build } = await import('rolldown')
  const temporary = `${made}.${process.pid}`
  // Says in one line where nothing can be written; the bundler says it in fifty.
  fs.mkdirSync(temporary, { recursive: true })
  await build({
    input: Object.fromEntries(Object.entries(entries).map(([script, name]) => [name, path.join(root, script)])),
    platform: 'node',
    logLevel: 'warn',
    output: { dir: temporary, format: 'cjs', sourcemap: true },
  })
  fs.writeFileSync(path.join(temporary, 'package.json'), '{ "type": "commonjs" }\n')
  removeOld(made, temporary)
  // A power cut would leave its name and empty files: a program that does nothing, and says so by exit code 0.
  for (const name of fs.readdirSync(temporary)) sync(path.join(temporary, name))
  sync(temporary)
  try {
    fs.renameSync(temporary, made)
  } catch (error) {
    fs.rmSync(temporary, { recursive: true, force: true })
    if (!fs.existsSync(made)) throw error
  }
}

function sync(file) {
  if (process.platform === 'win32') return
  const opened = fs.openSync(file, 'r')
  try {
    fs.fsyncSync(opened)
  } finally {
    fs.closeSync(opened)
  }
}

/** Bundles of earlier sources; a process that runs one has read it. */
function removeOld(made, temporary) {
  const oldest = Date.now() - keptMs
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name)
    try {
      if (file !== made && file !== temporary && fs.statSync(file).mtimeMs < oldest)
        fs.rmSync(file, { recursive: true })
    } catch {
      // Another process that has just bundled removes the same.
    }
  }
}

module.exports = { bundled, isBundled }

if (require.main === module) {
  bundle(process.argv[2]).catch((error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  })
}
