import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { app } from 'electron'

/** Starts the app in the tray when the person logs in to the machine, or does so no longer. */
export const setStartAtLogin = async (wanted: 'on' | 'off', data: string): Promise<void> => {
  const args = ['--hidden', '--data', data]
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: wanted === 'on', args })
    return
  }
  const configuration = process.env['XDG_CONFIG_HOME'] ?? path.join(homedir(), '.config')
  const file = path.join(configuration, 'autostart', 'quintet.desktop')
  if (wanted === 'off') {
    await rm(file, { force: true })
    return
  }
  await mkdir(path.dirname(file), { recursive: true })
  const command = [...programCommand(), ...args].map(quoted).join(' ')
  await writeFile(
    file,
    `[Desktop Entry]\nType=Application\nName=Quintet\nExec=${command}\nX-GNOME-Autostart-enabled=true\n`,
  )
}

/** An AppImage runs from a mount that is another one each time; unpacked, Electron is told where the app is. */
const programCommand = (): readonly string[] => {
  const image = process.env['APPIMAGE']
  if (image !== undefined) return [image]
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()]
}

/** As the desktop entry specification quotes: backslash, quote, backtick and dollar in double quotes, percent doubled. */
const quoted = (argument: string): string => `"${argument.replaceAll(/["\\`$]/g, '\\$&').replaceAll('%', '%%')}"`
