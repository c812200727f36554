import path from 'node:path'
import { app } from 'electron'
import { parseAppArguments } from './arguments.ts'

/** Electron's own arguments come first: the program, and from a checkout the app's folder. */
const ownArguments = process.argv.slice(app.isPackaged ? 1 : 2)
const wanted = parseAppArguments(ownArguments, process.env)

switch (wanted.kind) {
  case 'replicaOnly': {
    process.argv = [process.execPath, 'replica', ...wanted.args]
    await import('../replica/main.ts')
    // The replica ends the process. Until then Electron waits for this module, and asks for no display.
    await new Promise(() => undefined)
    break
  }
  case 'usage':
    process.stderr.write(`${wanted.message}\n`)
    app.exit(2)
    break
  case 'window': {
    // One instance, one profile, one set of settings per data directory.
    app.setPath('userData', path.join(wanted.data, 'desktop'))
    const { runDesktop } = await import('./desktop.ts')
    runDesktop(wanted)
  }
}
