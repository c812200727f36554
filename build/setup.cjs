'use strict'
// Runs on whatever Node the machine has, hence CommonJS and the syntax of Node 12.

const childProcess = require('child_process')
const crypto = require('crypto')
const fs = require('fs')
const os = require('os')
const path = require('path')
const {
  SetupError,
  endWithParent,
  installedLock,
  modules,
  ownNodeAdvice,
  requirePlace,
  root,
  runNpm,
  say,
  wantedNodeMajor,
} = require('./npm.cjs')

const lockPollIntervalMs = 500
const lockStaleAfterMs = 15 * 60 * 1000
const lockRenewIntervalMs = 60 * 1000

const packageLock = path.join(root, 'package-lock.json')
const stampFile = path.join(modules, '.quintet-setup.json')
const platform = `${process.platform}-${process.arch}`
const nodeFile = process.platform === 'win32' ? 'node.exe' : 'node'

/**
 * Makes sure that the dependencies of package-lock.json and a Node of `wantedNodeMajor` or newer are there. Says nothing
 * when they are; otherwise tells on stderr what it does. Resolves to the path of the Node to use, which is
 * `process.execPath` when that is new enough. Rejects with a `SetupError`.
 */
async function setUp() {
  return readyNode() || (await withLock(async () => readyNode() || (await install())))
}

/** The Node to use when nothing is to be done; null otherwise. Costs a millisecond or two. */
function readyNode() {
  const stamp = readJson(stampFile)
  if (stamp === null || stamp.lock !== lockfileHash() || stamp.platform !== platform) return null
  if (isNewEnough(process.versions.node)) return process.execPath
  if (typeof stamp.node !== 'string') return null
  const node = path.join(root, stamp.node)
  return fs.existsSync(node) ? node : null
}

async function install() {
  if (!modulesMatchLockfile()) await installModules()
  const node = isNewEnough(process.versions.node) ? null : findNode() || (await installNode())
  const stamp = { lock: lockfileHash(), platform, node: node === null ? null : path.relative(root, node) }
  try {
    fs.writeFileSync(stampFile, JSON.stringify(stamp))
  } catch (error) {
    say(`all is there, but that could not be noted (${error.message}): the next command looks again`)
  }
  return node === null ? process.execPath : node
}

/** Accepts what an `npm install` by hand has left, so that it is not thrown away and downloaded again. */
function modulesMatchLockfile() {
  const wanted = readLockfile().packages
  const installed = readJson(installedLock)
  if (installed === null || installed.packages === undefined) return false
  return Object.keys(wanted).every((name) => {
    if (name === '' || wanted[name].optional) return true
    const found = installed.packages[name]
    return found !== undefined && found.version === wanted[name].version && found.integrity === wanted[name].integrity
  })
}

async function installModules() {
  requirePlace()
  say('installing the packages of package-lock.json with npm ci (a minute or so, once)')
  try {
    await runNpm(['ci', '--include=dev', '--include=optional'], root)
  } catch (error) {
    // What npm noted there is not all there.
    removeFile(installedLock)
    throw error
  }
  say('packages installed')
}

/** The npm package `node` puts the binary in place with an install script, which a machine may forbid. */
async function installNode() {
  const system = process.platform === 'win32' ? 'win' : process.platform
  const isAppleSilicon = platform === 'darwin-arm64'
  const name = `${isAppleSilicon ? 'node-bin' : 'node'}-${system}-${process.arch}`
  const version = readLockfile().packages['node_modules/node'].version
  const folder = path.join(modules, '.cache', 'node')
  say(`this is Node ${process.versions.node}; fetching Node ${version} as the npm package ${name}`)
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n')
  try {
    await runNpm(['install', '--no-save', '--ignore-scripts', '--prefix=.', `${name}@${version}`], folder)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    throw new SetupError(`${error.message}\n${ownNodeAdvice()}`)
  }
  const node = findNode()
  if (node === null) throw new SetupError(`The Node of the npm package ${name} does not run here.\n${ownNodeAdvice()}`)
  return node
}

function findNode() {
  const places = [path.join(modules, 'node', 'bin', nodeFile)]
  const fetched = path.join(modules, '.cache', 'node', 'node_modules')
  if (fs.existsSync(fetched)) {
    for (const name of fs.readdirSync(fetched)) places.push(path.join(fetched, name, 'bin', nodeFile))
  }
  const found = places.find((file) => fs.existsSync(file) && runsNewEnough(file))
  return found === undefined ? null : found
}

function runsNewEnough(file) {
  const run = childProcess.spawnSync(file, ['--print', 'process.versions.node'], { encoding: 'utf8' })
  return run.status === 0 && isNewEnough(run.stdout.trim())
}

function isNewEnough(version) {
  return Number(version.split('.')[0]) >= wantedNodeMajor
}

/** Several commands may be started at once in a fresh checkout: one installs, the others wait for it. */
async function withLock(task) {
  let told = false
  while (!takeLock()) {
    if (!told) say(`another command is setting up this checkout; waiting for it (${lockFile()})`)
    told = true
    await new Promise((resolve) => setTimeout(resolve, lockPollIntervalMs))
  }
  // On a slow line it may take longer than that.
  const renewing = setInterval(renewLock, lockRenewIntervalMs)
  try {
    return await task()
  } finally {
    clearInterval(renewing)
    releaseLock()
  }
}

/** Outside node_modules, because `npm ci` removes that. */
function lockFile() {
  return path.join(os.tmpdir(), `quintet-setup-${sha256(root).slice(0, 12)}.lock`)
}

function takeLock() {
  try {
    fs.writeFileSync(lockFile(), String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') {
      // Made, and not written on a full disk, it would keep everybody waiting.
      if (error.code === 'ENOSPC' || error.code === 'EDQUOT') releaseLock()
      throw new SetupError(
        `${lockFile()} cannot be written: ${error.message}\n` +
          `Make room for it, or set ${process.platform === 'win32' ? 'TEMP' : 'TMPDIR'} to a folder that can be written to.`,
      )
    }
  }
  if (lockIsStale()) releaseLock()
  return false
}

function lockIsStale() {
  try {
    if (Date.now() - fs.statSync(lockFile()).mtimeMs > lockStaleAfterMs) return true
    const holder = Number(fs.readFileSync(lockFile(), 'utf8'))
    if (holder > 0) process.kill(holder, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function renewLock() {
  try {
    fs.utimesSync(lockFile(), new Date(), new Date())
  } catch {
    // Removed by somebody: what was begun is brought to its end all the same.
  }
}

function releaseLock() {
  removeFile(lockFile())
}

function removeFile(file) {
  try {
    fs.unlinkSync(file)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function readLockfile() {
  const lockfile = readJson(packageLock)
  if (lockfile !== null && lockfile.packages !== undefined) return lockfile
  throw new SetupError(`${packageLock} is missing or damaged: take it from version control again.`)
}

function lockfileHash() {
  return fs.existsSync(packageLock) ? sha256(fs.readFileSync(packageLock)) : ''
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error instanceof SyntaxError) return null
    throw error
  }
}

function sha256(content) {
  return crypto.createHash('sha256').update(content).digest('hex')
}

/** Tells why the setup failed, and fails the process. */
function failSetup(error) {
  process.stderr.write(error instanceof SetupError ? `\nsetup: ${error.message}\n` : `${error.stack}\n`)
  process.exitCode = 1
}

module.exports = { failSetup, setUp }

if (require.main === module) {
  endWithParent()
  setUp().catch(failSetup)
}
