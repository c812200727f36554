/** How the stand-in was started, as Electron understands it. */
export interface LaunchArguments {
  readonly inspectPort: number | null
  /** For Playwright; null when nobody asked for it. */
  readonly debuggingPort: number | null
  /** Modules that are loaded before the app. */
  readonly preloads: readonly string[]
  readonly switches: readonly string[]
  /** The app's folder. */
  readonly app: string
}

/** Switches before the app's folder are Electron's, what follows is the app's. */
export const parseLaunchArguments = (args: readonly string[]): LaunchArguments => {
  let inspectPort: number | null = null
  let debuggingPort: number | null = null
  const preloads: string[] = []
  const switches: string[] = []
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? ''
    const [name, value] = argument.split('=')
    if (name === '--inspect') inspectPort = Number(value ?? '9229')
    else if (name === '--remote-debugging-port') debuggingPort = Number(value)
    else if (name === '-r' || name === '--require') {
      index += 1
      preloads.push(args[index] ?? '')
    } else if (argument.startsWith('-')) switches.push(argument)
    else return { inspectPort, debuggingPort, preloads, switches, app: argument }
  }
  return { inspectPort, debuggingPort, preloads, switches, app: '.' }
}
