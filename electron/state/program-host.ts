import { readFile, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { app, clipboard, dialog, shell } from 'electron'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { localFiles } from '../../replica/local-files.ts'
import type {
  AppEvent,
  AppHost,
  AppInfo,
  AppPhase,
  AppSettings,
  FirstRunDraft,
  InspectedInvite,
} from '../contract/app-host.ts'
import type { Strings } from '../system/strings.ts'
import type { DemoGroup } from './demo-group.ts'
import type { LocalMailbox } from './local-mailbox.ts'
import type { Settings } from './settings.ts'

type Request<Method extends keyof AppHost> = Parameters<AppHost[Method]>[0]

export interface ProgramHostOptions {
  readonly data: string
  readonly secretStore: () => AppInfo['secretStore']
  readonly mailbox: LocalMailbox
  readonly settings: Settings
  readonly demo: DemoGroup | null
  readonly strings: () => Strings
  readonly tell: (event: AppEvent) => void
  /** The page has asked for the first time: from now on it hears what it is told. */
  readonly pageIsThere: () => void
  /** Whether the page has saved what it had before the program ends. */
  readonly pageAnswers: (answer: 'ready' | 'stays') => void
}

const openedSchemes: ReadonlySet<string> = new Set(['https:', 'http:', 'mailto:'])
const secretFileMode = 0o600

/** What the window may ask of the program around the mail client. Arguments have been checked. */
export class ProgramHost implements AppHost {
  readonly #options: ProgramHostOptions

  constructor(options: ProgramHostOptions) {
    this.#options = options
  }

  async info(): Promise<AppInfo> {
    const { data, demo, secretStore } = this.#options
    return {
      version: app.getVersion(),
      platform: platform(),
      runtime: process.versions['standIn'] === undefined ? 'electron' : 'standIn',
      dataDirectory: data,
      secretStore: secretStore(),
      machine: hostname().slice(0, limits.machineNameChars),
      demo: demo?.state ?? 'off',
    }
  }

  async phase(): Promise<AppPhase> {
    this.#options.pageIsThere()
    return this.#options.mailbox.phase
  }

  createGroup({ groupName, machine, server }: Request<'createGroup'>): Promise<void> {
    return this.#enter(() => this.#options.mailbox.create(groupName, machine, server))
  }

  inspectInvite({ invite }: Request<'inspectInvite'>): Promise<InspectedInvite> {
    return this.#options.mailbox.inspectInvite(invite)
  }

  join({ invite, machine, server }: Request<'join'>): Promise<void> {
    return this.#enter(() => this.#options.mailbox.join(invite, machine, server))
  }

  joinAsClient({ invite, machine }: Request<'joinAsClient'>): Promise<void> {
    return this.#enter(() => this.#options.mailbox.joinAsClient(invite, machine))
  }

  firstRun(): Promise<FirstRunDraft | null> {
    return this.#options.settings.firstRun()
  }

  /** What the page still says of joining when the machine has its group is not kept: that is over. */
  async keepFirstRun({ draft }: Request<'keepFirstRun'>): Promise<void> {
    const { phase } = this.#options.mailbox.phase
    const isOver = phase === 'signedOut' || phase === 'signedIn'
    if (isOver && draft !== null && draft.account === null) return
    await this.#options.settings.keepFirstRun(draft)
  }

  retry(): Promise<void> {
    return this.#options.mailbox.open()
  }

  reset({ invite }: Request<'reset'>): Promise<void> {
    return this.#options.mailbox.reset(invite)
  }

  findOthers({ invite }: Request<'findOthers'>): Promise<void> {
    return this.#options.mailbox.findOthers(invite)
  }

  async settings(): Promise<AppSettings> {
    return this.#options.settings.current
  }

  changeSettings({ settings }: Request<'changeSettings'>): Promise<AppSettings> {
    return this.#options.settings.change(settings)
  }

  async chooseInviteFile(): Promise<{ readonly text: string } | null> {
    const { canceled, filePaths } = await dialog.showOpenDialog({ properties: ['openFile'] })
    const [file] = filePaths
    if (canceled || file === undefined) return null
    if ((await stat(file)).size > limits.inviteChars)
      throw new QuintetError('TOO_LARGE', `An invite has ${limits.inviteChars} bytes at most; this file is larger.`)
    return { text: await readFile(file, 'utf8') }
  }

  async saveInvite({ invite }: Request<'saveInvite'>): Promise<{ readonly saved: boolean }> {
    const name = this.#options.strings().inviteFile
    const { canceled, filePath } = await dialog.showSaveDialog({
      defaultPath: `${name}.quintet`,
      filters: [{ name, extensions: ['quintet'] }],
    })
    if (canceled || filePath === '') return { saved: false }
    await writeFile(filePath, `${invite}\n`, { mode: secretFileMode })
    return { saved: true }
  }

  async saveFile({ file, folders }: Request<'saveFile'>): Promise<{ readonly path: string }> {
    return { path: await localFiles.save(app.getPath('downloads'), file, folders) }
  }

  async openLink({ url }: Request<'openLink'>): Promise<void> {
    const target = URL.parse(url)
    if (target === null || !openedSchemes.has(target.protocol))
      throw new QuintetError('BAD_REQUEST', 'Only http, https and mailto links are opened.')
    await shell.openExternal(target.href)
  }

  async copyText({ text }: Request<'copyText'>): Promise<void> {
    await clipboard.writeText(text)
  }

  async showDataDirectory(): Promise<void> {
    const trouble = await shell.openPath(this.#options.data)
    if (trouble !== '') throw new QuintetError('DIRECTORY_NOT_USABLE', `It could not be shown: ${trouble}`)
  }

  async setDemo({ demo: wanted }: Request<'setDemo'>): Promise<void> {
    const { demo, tell } = this.#options
    if (demo === null) throw new QuintetError('NOT_ALLOWED', 'This group is no demonstration.')
    await demo.set(wanted)
    tell({ event: 'demo', demo: wanted })
  }

  async quit(): Promise<void> {
    // After the answer, which would not arrive otherwise.
    setImmediate(() => {
      app.quit()
    })
  }

  async readyToQuit(): Promise<void> {
    this.#options.pageAnswers('ready')
  }

  async stayOpen(): Promise<void> {
    this.#options.pageAnswers('stays')
  }

  /** The first run is over once the machine has a group, open or not. */
  async #enter(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } finally {
      if (this.#options.mailbox.phase.phase !== 'empty') await this.keepFirstRun({ draft: null })
    }
  }
}

const platform = (): AppInfo['platform'] =>
  process.platform === 'darwin' || process.platform === 'win32' ? process.platform : 'linux'
