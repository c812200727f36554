'use strict'
// Runs on whatever Node the machine has, hence CommonJS and the syntax of Node 12.

const childProcess = require('child_process')
const fs = require('fs')
const path = require('path')

const wantedNodeMajor = 24
const wantedNpmMajor = 7
const wantedDiskMegabytes = 750
/** With less than that left something was not written, whether npm says so or not. */
const leastLeftMegabytes = 16
const progressIntervalMs = 10000
const stopGraceMs = 2000
const parentCheckIntervalMs = 500
const keptOutputCharacters = 20000

const root = path.join(__dirname, '..')
const modules = path.join(root, 'node_modules')
/** Where npm notes what it has installed. */
const installedLock = path.join(modules, '.package-lock.json')

/** A failure whose message already says what to do. */
class SetupError extends Error {}

/**
 * Runs npm in `folder` with its output on stderr, because stdout belongs to the script that is run after. Tells every
 * `progressIntervalMs` that it goes on. Rejects with a `SetupError` that says what to do.
 */
async function runNpm(args, folder) {
  const npm = findNpm()
  requireNpmVersion(npm)
  // Given on the command line because `npm run` hands its own settings (silent, engine-strict) down as environment.
  const settings = ['--loglevel=error', '--no-audit', '--no-fund', '--engine-strict=false', '--global=false']
  // A process group of its own, so that stopping it also stops what npm has started.
  const ownGroup = process.platform !== 'win32'
  const options = { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], shell: npm.shell, detached: ownGroup }
  const child = childProcess.spawn(npm.command, npm.args.concat(args, settings), options)
  const send = (signal) => (ownGroup ? process.kill(-child.pid, signal) : child.kill(signal))
  let lastResort = null
  const stopListening = onStopSignal((signal) => {
    send(signal)
    // While an install script runs, npm takes its time: half a minute has been seen.
    clearTimeout(lastResort)
    lastResort = setTimeout(send, stopGraceMs, 'SIGKILL')
  })
  const began = Date.now()
  const progress = setInterval(() => {
    say(`still installing (${Math.round((Date.now() - began) / 1000)} s)`)
  }, progressIntervalMs)
  let output = ''
  const keep = (chunk) => {
    process.stderr.write(chunk)
    output = (output + chunk).slice(-keptOutputCharacters)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const end = await ended(child)
  clearInterval(progress)
  clearTimeout(lastResort)
  const stoppedBy = stopListening()
  if (stoppedBy !== null) throw new SetupError(`stopped by ${stoppedBy}; the next command begins anew`)
  if (end.error !== null) throw new SetupError(`npm could not be started: ${end.error.message}\n${ownNodeAdvice()}`)
  if (end.code !== 0) throw new SetupError(`npm failed (exit code ${end.code}). ${adviceFor(output)}`)
  if (freeMegabytes() < leastLeftMegabytes) throw new SetupError(diskFull)
}

/** Throws a `SetupError` that says what to do where packages cannot be installed. */
function requirePlace() {
  try {
    if (!fs.existsSync(modules)) fs.mkdirSync(modules)
    fs.accessSync(modules, fs.constants.W_OK)
  } catch (error) {
    throw new SetupError(
      `No packages can be installed here: ${error.message}\n` +
        'Set this checkout up as its owner, and where it can be written to (npm run setup): everybody may run it then.',
    )
  }
  // npm removes what was installed before.
  if (!fs.existsSync(installedLock) && freeMegabytes() < wantedDiskMegabytes) throw new SetupError(diskFull)
}

/** Infinity where it cannot be told, as by Node before 18. */
function freeMegabytes() {
  if (fs.statfsSync === undefined) return Infinity
  const { bavail, bsize } = fs.statfsSync(root)
  return (bavail * bsize) / 1048576
}

/** npm's own script where it can be found, so that PATH does not matter; `npm` by the shell otherwise. */
function findNpm() {
  const given = process.env.npm_execpath || ''
  const folders = [path.dirname(process.execPath), path.dirname(fs.realpathSync(process.execPath))]
  const places = path.basename(given) === 'npm-cli.js' ? [given] : []
  for (const folder of folders) {
    places.push(path.join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'))
    places.push(path.join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'))
    places.push(path.join(folder, '..', 'share', 'nodejs', 'npm', 'bin', 'npm-cli.js'))
  }
  const script = places.find((file) => fs.existsSync(file))
  if (script === undefined) return { command: 'npm', args: [], shell: true }
  return { command: nodeForNpm(), args: [script], shell: false }
}

/** Not the Node inside node_modules: `npm ci` is about to remove that one. */
function nodeForNpm() {
  const outside = [process.execPath, process.env.npm_node_execpath || ''].find(
    (file) => file !== '' && !file.startsWith(modules + path.sep) && fs.existsSync(file),
  )
  return outside === undefined ? process.execPath : outside
}

function requireNpmVersion(npm) {
  const run = childProcess.spawnSync(npm.command, npm.args.concat('--version'), { encoding: 'utf8', shell: npm.shell })
  if (run.status !== 0) {
    const said = (run.stderr || (run.error && run.error.message) || '').trim()
    throw new SetupError(
      `npm does not run here: ${said === '' ? 'it says nothing' : said}\n` +
        `It comes with Node, and has to fit to that: this is Node ${process.versions.node}. ${ownNodeAdvice()}`,
    )
  }
  const version = run.stdout.trim()
  if (Number(version.split('.')[0]) >= wantedNpmMajor) return
  throw new SetupError(
    `npm ${version} is too old for this package-lock.json: npm ${wantedNpmMajor} or newer is needed.\n` +
      `Update it (npm install --global npm@8) or install Node ${wantedNodeMajor} (https://nodejs.org), which brings its own.`,
  )
}

const diskFull = `The disk is full: ${wantedDiskMegabytes} MB are needed in ${root} and as much in npm's cache (npm config get cache).`

const advices = [
  [/ENOSPC|no space left/i, diskFull],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY/,
    "The registry's certificate is not trusted: point NODE_EXTRA_CA_CERTS at your network's certificate authority.",
  ],
  [
    /E407|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED/,
    'The npm registry was not reached. Is this machine online? Behind a proxy, set HTTPS_PROXY (or npm config set https-proxy URL); ' +
      'with a mirror, npm config set registry URL. Offline, copy node_modules from a machine of the same kind.',
  ],
  [/E401|E403/, 'The registry refused access: see npm config get registry, and log in there if it asks for it.'],
  [/EINTEGRITY/, 'A download does not match package-lock.json. Run npm cache verify, then the command again.'],
  [/EUSAGE|can only install/, 'package.json and package-lock.json do not fit together: run npm install.'],
  [
    /EACCES|EPERM|EROFS|EBUSY/,
    `Files could not be written: check who owns ${modules} and npm's cache, and close programs that run from there.`,
  ],
  [/ETARGET|E404|notarget/, 'The registry does not have a package that is needed; a mirror may be behind.'],
]

function adviceFor(output) {
  const advice = advices.find((entry) => entry[0].test(output))
  return advice === undefined ? `What npm said is above. To see more, run npm ci in ${root}.` : advice[1]
}

function ownNodeAdvice() {
  return `Or install Node ${wantedNodeMajor} or newer yourself (https://nodejs.org) and run the command again.`
}

/** Calls `send` for each signal that asks to stop, until the returned function is called: it tells the last one (null: none). */
function onStopSignal(send) {
  let last = null
  const listener = (signal) => {
    last = signal
    send(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.removeListener(signal, listener)
    return last
  }
}

/** How a child process ended. Exactly one of the three is not null. */
function ended(child) {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, signal: null, error }))
    child.on('close', (code, signal) => resolve({ code, signal, error: null }))
  })
}

function say(message) {
  process.stderr.write(`setup: ${message}\n`)
}

/**
 * Where npm runs this process. A terminated npm takes its shell with it, but not what the shell runs, and one that is killed not even that: both
 * would live on unseen.
 */
function endWithParent() {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const npm = parentOfShell(parent)
  const check = () => {
    if (process.ppid !== parent || (npm !== null && !isAlive(npm))) process.kill(process.pid, 'SIGTERM')
  }
  setInterval(check, parentCheckIntervalMs).unref()
}

/** npm's process id, where `shell` is the shell that npm runs a script in; null where it is not, or that cannot be told. */
function parentOfShell(shell) {
  if (process.platform === 'win32') return null
  const asked = childProcess.spawnSync('ps', ['-o', 'ppid=', '-o', 'args=', '-p', String(shell)], { encoding: 'utf8' })
  const found = /^\s*(\d+)\s+\S*sh -c /.exec(asked.stdout || '')
  return found === null ? null : Number(found[1])
}

function isAlive(id) {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

module.exports = {
  SetupError,
  ended,
  endWithParent,
  installedLock,
  modules,
  onStopSignal,
  ownNodeAdvice,
  requirePlace,
  root,
  runNpm,
  say,
  wantedNodeMajor,
}
