import type { Failure } from '../../replica/core/model/errors.ts'
import type { FileData } from '../../replica/client/contract/mailbox.ts'
import type { AccountId, ServerId } from '../../replica/core/model/ids.ts'

/** How far this install is. `signedOut`: the group runs here, nobody is logged in at the window. */
export type AppPhase =
  /** No group yet: create one, join one, or use a client only. */
  | { readonly phase: 'empty' }
  /** `takingBack`: this machine's copy was wiped, and comes from the others. */
  | { readonly phase: 'starting'; readonly step: 'opening' | 'takingBack' }
  | { readonly phase: 'failed'; readonly failure: Failure }
  | {
      readonly phase: 'signedOut' | 'signedIn'
      readonly group: string
      /** `client`: no replica here, this window uses the servers of others. */
      readonly mode: 'replica' | 'client'
      /** The server that the window uses. */
      readonly server: ServerId
      /** The seat of the replica on this machine; null for a client only. */
      readonly home: ServerId | null
      /** Why that replica has ended, while the window goes on at the server of another machine; null while it runs. */
      readonly homeFailure: Failure | null
      /** The account's name; null when signed out. */
      readonly account: string | null
      /** Which account that is, whatever its name; null when signed out. */
      readonly accountId: AccountId | null
    }

/** What the window is told of the program that it runs in. */
export interface AppInfo {
  readonly version: string
  readonly platform: 'linux' | 'darwin' | 'win32'
  /** `standIn`: Electron's runtime is not there; tray, menus and notifications are not shown by the system. */
  readonly runtime: 'electron' | 'standIn'
  readonly dataDirectory: string
  /**
   * `plain`: the system has no store of secrets; a log-in that is kept lies in a file that only its owner can read. `asking`: it has not answered yet;
   * until then no log-in is kept.
   */
  readonly secretStore: 'safe' | 'plain' | 'asking'
  /** The machine's name, as a suggestion at first run. */
  readonly machine: string
  /** Set by `npm run demo`: the window offers to split and to heal the demonstration group. */
  readonly demo: 'off' | 'whole' | 'split'
}

export interface InvitedSeat {
  readonly server: ServerId
  /** The machine that has the seat; null when it is free. */
  readonly machine: string | null
}

/** What an invite says, and what a member that could be reached adds to it. */
export interface InspectedInvite {
  readonly groupName: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** All five; null when no member could be reached just now. */
  readonly seats: readonly InvitedSeat[] | null
}

export interface AppSettings {
  readonly theme: 'system' | 'light' | 'dark'
  /** BCP 47; `system` follows the machine. */
  readonly language: 'system' | 'en' | 'de'
  readonly notifications: 'on' | 'off'
  readonly startAtLogin: 'on' | 'off'
  /** Seconds in which a sent mail can be taken back, 0 to 60. */
  readonly undoSendSeconds: number
  /** Whether the one-time hint that closing the window keeps the replica running has been shown. */
  readonly trayHintShown: 'yes' | 'no'
  /** Comfortable or compact rows. */
  readonly density: 'comfortable' | 'compact'
  /** Of the list beside the open mail, in CSS pixels; null: by the window's width. */
  readonly listWidth: number | null
  /** Whether the log-in is kept over restarts. `asMachine`: where the machine has a safe place for it. */
  readonly staySignedIn: 'asMachine' | 'on' | 'off'
}

/** What the first run was about when it was left, so that it goes on there. */
export interface FirstRunDraft {
  readonly step: 'choice' | 'create' | 'invite' | 'seat'
  readonly groupName: string
  readonly machine: string
  readonly invite: string
  readonly server: ServerId | null
  readonly joinsAs: 'server' | 'client'
  /** The name of an account that is being made; null while none is. A password is never kept. */
  readonly account: string | null
}

export type AppEvent =
  | { readonly event: 'phase'; readonly phase: AppPhase }
  | { readonly event: 'settings'; readonly settings: AppSettings }
  /** A `quintet://join/...` link was opened, or an invite was dropped on the icon. */
  | { readonly event: 'inviteOpened'; readonly invite: string }
  /** From the native menu, the tray or a notification: what the window is to do. */
  | { readonly event: 'command'; readonly command: AppCommand }
  /** The system's store of secrets has answered. */
  | { readonly event: 'secretStore'; readonly secretStore: 'safe' | 'plain' }
  | { readonly event: 'demo'; readonly demo: AppInfo['demo'] }
  /** The program is about to end: it waits a moment for `readyToQuit` or `stayOpen`. */
  | { readonly event: 'quitting' }

export type AppCommand =
  | { readonly kind: 'compose' }
  | { readonly kind: 'search' }
  | { readonly kind: 'print' }
  | { readonly kind: 'settings' }
  | { readonly kind: 'shortcuts' }
  | { readonly kind: 'page'; readonly page: 'mail' | 'people' | 'timeline' | 'network' }
  /** A notification was clicked. */
  | { readonly kind: 'mail'; readonly mail: string }

/** The program around the mail client: first run, settings, and what only the system can do. Every method rejects with a `QuintetError`. */
export interface AppHost {
  info(): Promise<AppInfo>
  phase(): Promise<AppPhase>
  /** BAD_NAME, DIRECTORY_NOT_USABLE. */
  createGroup(request: {
    readonly groupName: string
    readonly machine: string
    readonly server: ServerId
  }): Promise<void>
  /** BAD_INVITE, INVITE_EXPIRED. A member that cannot be reached is no failure: `seats` is null then. */
  inspectInvite(request: { readonly invite: string }): Promise<InspectedInvite>
  /** `server` null: the first free seat. BAD_INVITE, INVITE_USED, INVITE_EXPIRED, SEAT_TAKEN, NO_SEAT_FREE, NO_MEMBER_REACHED. */
  join(request: { readonly invite: string; readonly machine: string; readonly server: ServerId | null }): Promise<void>
  /** Uses the group's servers without a replica of its own. As `join`. */
  joinAsClient(request: { readonly invite: string; readonly machine: string }): Promise<void>
  firstRun(): Promise<FirstRunDraft | null>
  keepFirstRun(request: { readonly draft: FirstRunDraft | null }): Promise<void>
  /** Tries once more to open what `failed`. */
  retry(): Promise<void>
  /**
   * Wipes this machine's copy, and takes everything back from the others: as a new install on the same seat, or by an invite of the group as one that
   * joins, and that hands over what only it has. RETIRED without an invite; with one as `join`, and DIRECTORY_HAS_A_GROUP for one of another group.
   */
  reset(request: { readonly invite: string | null }): Promise<void>
  /**
   * Begins anew with what an invite of the group says of where the others are, and of their key. The invite is not used up. BAD_INVITE,
   * DIRECTORY_HAS_A_GROUP.
   */
  findOthers(request: { readonly invite: string }): Promise<void>

  settings(): Promise<AppSettings>
  changeSettings(request: { readonly settings: Partial<AppSettings> }): Promise<AppSettings>
  /** A file that the person chooses, as text; null when none was chosen. TOO_LARGE. */
  chooseInviteFile(): Promise<{ readonly text: string } | null>
  /** Puts an invite into a file that the person chooses. */
  saveInvite(request: { readonly invite: string }): Promise<{ readonly saved: boolean }>
  /**
   * Writes a file into the person's downloads, under `folders` there, which are made; beside what has its name already. `path` is where it is.
   * BAD_REQUEST for names that are paths, DIRECTORY_NOT_USABLE, DISK_FULL.
   */
  saveFile(request: {
    readonly file: FileData
    readonly folders: readonly string[]
  }): Promise<{ readonly path: string }>
  /** Opens an http(s) or mailto link in the system's browser; the window has asked the person. BAD_REQUEST for others. */
  openLink(request: { readonly url: string }): Promise<void>
  copyText(request: { readonly text: string }): Promise<void>
  /** Shows the data directory in the file manager. */
  showDataDirectory(): Promise<void>
  /** Of the demonstration: cuts servers 1 and 2 off from the others, or joins them again. */
  setDemo(request: { readonly demo: 'whole' | 'split' }): Promise<void>
  quit(): Promise<void>
  /** The answer to `quitting`: the page keeps nothing any more that is not saved. */
  readyToQuit(): Promise<void>
  /** The other answer: something is not saved, and the person is asked. Where the system ends the program it ends all the same. */
  stayOpen(): Promise<void>
}
