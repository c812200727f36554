import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { app } from 'electron'

/** Starts the app in the tray when the person logs in to the machine, or does so no longer. */
export const setStartAtLogin = async (wanted: 'on' | 'off', data: string): Promise<void> => {
  const args = argumentsFor(data)
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: wanted === 'on', args: [...args] })
    return
  }
  const file = desktopEntry()
  if (wanted === 'off') {
    await rm(file, { force: true })
    return
  }
  await mkdir(path.dirname(file), { recursive: true })
  const exec = execLine([...programCommand(), ...args])
  await replace(file, `[Desktop Entry]\nType=Application\nName=Quintet\n${exec}\nX-GNOME-Autostart-enabled=true\n`)
}

/**
 * To be called at a start while it is on: the program may lie elsewhere than when that was set, as each version of an AppImage does. What another
 * data directory has set, or the person has changed or taken away in the system, stays.
 */
export const renewStartAtLogin = async (data: string): Promise<void> => {
  if (process.platform !== 'linux') return
  const file = desktopEntry()
  const found = await readFile(file, 'utf8').catch(() => '')
  const args = argumentsFor(data)
  const ending = execValue(args)
  const former = found.split('\n').find((line) => line.startsWith('Exec=') && line.endsWith(` ${ending}`))
  const exec = execLine([...programCommand(), ...args])
  if (former !== undefined && former !== exec)
    await replace(
      file,
      found.replace(former, () => exec),
    )
}

const argumentsFor = (data: string): readonly string[] => ['--hidden', '--data', data]

const desktopEntry = (): string => {
  const configuration = process.env['XDG_CONFIG_HOME'] ?? path.join(homedir(), '.config')
  return path.join(configuration, 'autostart', 'quintet.desktop')
}

/** Whole or not at all: half an entry would start nothing. */
const replace = async (file: string, content: string): Promise<void> => {
  const beside = `${file}.new`
  await writeFile(beside, content, { flush: true })
  await rename(beside, file)
}

/**
 * An AppImage runs from a mount that is another one each time, and says in its environment where it is; so does one in whose terminal this was started.
 * Unpacked, Electron is told where the app is.
 */
const programCommand = (): readonly string[] => {
  const { APPIMAGE: image, APPDIR: mount } = process.env
  if (image !== undefined && mount !== undefined && process.execPath.startsWith(mount)) return [image]
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()]
}

const execLine = (command: readonly string[]): string => `Exec=${execValue(command)}`

/**
 * As the Desktop Entry Specification has it under "The Exec key": backslash, quote, backtick and dollar get a backslash in double quotes, percent is doubled;
 * and then what any text of such a file has, each backslash doubled and no sign that ends a line.
 */
const execValue = (command: readonly string[]): string =>
  command
    .map((argument) => `"${argument.replaceAll(/["\\`$]/g, '\\$&').replaceAll('%', '%%')}"`)
    .join(' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
