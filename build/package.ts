import { build } from 'electron-builder'
import { buildApp } from './app/build-app.ts'
import { electronProgram } from './app/electron-runtime.ts'
import { fetchElectron } from './app/fetch-electron.ts'
import { root } from './stages.ts'

const usage = `usage: npm run package -- [--dir]
Makes the packages of this machine's platform in dist/, as electron-builder.yml says: AppImage, deb and tar.gz on Linux,
an installer and a portable program on Windows, dmg and zip on macOS.
  --dir  only the folder that they would hold
`

/** Electron's own runtime goes into the packages: the stand-in is for running from a checkout. */
const requireRuntime = async (): Promise<void> => {
  const reason = await fetchElectron((message) => console.log(message))
  if (reason === null && electronProgram() !== null) return
  process.stderr.write(
    `Packages contain Electron's runtime, and that is not on this machine: it could not be fetched (${reason ?? 'it was removed'}).\n` +
      'Run this where github.com can be reached, or name a mirror in ELECTRON_MIRROR; a failure is remembered for a day in\n' +
      'node_modules/.cache/electron-fetch.json, which may be removed.\n',
  )
  process.exit(1)
}

const args = process.argv.slice(2)
const unknown = args.find((argument) => argument !== '--dir')
if (unknown !== undefined) {
  process.stderr.write(usage)
  process.exit(unknown === '--help' ? 0 : 2)
}
await requireRuntime()
await buildApp((message) => console.log(message))
const made = await build({ projectDir: root, publish: 'never', dir: args.includes('--dir') })
for (const file of made) console.log(file)
