import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { limits } from '../replica/core/model/limits.ts'

/** What the program was started for. */
export type AppArguments =
  /** No window and no display: `args` are those of `npm run replica`. */
  | { readonly kind: 'replicaOnly'; readonly args: readonly string[] }
  | { readonly kind: 'usage'; readonly message: string }
  | WindowArguments

export interface WindowArguments {
  readonly kind: 'window'
  /** Where the replica keeps its state; what belongs to the window alone is kept in its `desktop` folder. */
  readonly data: string
  /** Multiaddrs; empty for the usual one. */
  readonly listen: readonly string[]
  readonly mdns: 'on' | 'off'
  /** `hidden`: at log-in of the system, the replica runs in the tray until the window is asked for. */
  readonly show: 'window' | 'hidden'
  /** What a `quintet://join/...` link or a file that the system opened with this program says. */
  readonly invite: string | null
  /** The folder with the data directories of `npm run demo`. */
  readonly demo: string | null
}

export const inviteScheme = 'quintet'
const inviteFileEnding = '.quintet'
const invitePrefix = `${inviteScheme}://`

const options = {
  data: { type: 'string' },
  listen: { type: 'string', multiple: true },
  'no-mdns': { type: 'boolean' },
  hidden: { type: 'boolean' },
} as const

/** `args` without the program and the app's folder. Chromium's own switches (`--lang=de`) are left to Chromium. */
export const parseAppArguments = (
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): AppArguments => {
  const replicaOnly = args.indexOf('--replica-only')
  if (replicaOnly >= 0) return { kind: 'replicaOnly', args: args.slice(replicaOnly + 1) }
  const { values, positionals } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true })
  const { data, listen } = values
  if (typeof data === 'boolean' || listen?.includes(true) === true)
    return {
      kind: 'usage',
      message: 'usage: quintet [--data DIRECTORY] [--listen MULTIADDR]... [--no-mdns] [--hidden]',
    }
  const directory = data ?? environment['QUINTET_DATA'] ?? path.join(homedir(), '.quintet')
  return {
    kind: 'window',
    data: path.resolve(directory),
    listen: (listen ?? []).filter((address) => typeof address === 'string'),
    mdns: values['no-mdns'] === true ? 'off' : 'on',
    show: values.hidden === true ? 'hidden' : 'window',
    invite: inviteAmong(positionals, process.cwd()),
    demo: environment['QUINTET_DEMO'] ?? null,
  }
}

/** The invite among a program's arguments, given in `folder`: a `quintet://` link, or a file that holds one. A data directory has the ending, too. */
export const inviteAmong = (args: readonly string[], folder: string): string | null => {
  for (const argument of args) {
    if (argument.startsWith(invitePrefix)) return argument
    const written = argument.endsWith(inviteFileEnding) ? inviteIn(path.resolve(folder, argument)) : null
    if (written !== null) return written
  }
  return null
}

const inviteIn = (file: string): string | null => {
  try {
    return statSync(file).size > limits.inviteChars ? null : readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
