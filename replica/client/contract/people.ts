import type { KeysChange } from '../../api/contract.ts'
import type { AccountId, ServerId, UpdateId } from '../../core/model/ids.ts'

export interface Person {
  readonly account: AccountId
  readonly name: string
  readonly online: boolean
  /** The servers at which the person is logged in now. */
  readonly servers: readonly ServerId[]
  /** Milliseconds since 1970. */
  readonly signedUpAt: number
  /** Whether the one who asks follows this person. */
  readonly followed: boolean
}

export interface Profile extends Person {
  readonly followers: readonly string[]
  readonly following: readonly string[]
  readonly posts: number
}

/** Whose a name is, as the connected server says, and who the person knows by it. */
export interface Identity {
  /** As it is written. */
  readonly name: string
  readonly account: AccountId
  /** Eight words that stand for the account: whoever reads out the same ones means the same account. */
  readonly words: string
  /** The other account that the person knows by this name; null when there is none. `calledNow`: null when it is here no more. */
  readonly known: { readonly account: AccountId; readonly words: string; readonly calledNow: string | null } | null
}

export type { KeysChange } from '../../api/contract.ts'

/** Twelve words (BIP-39, English) that reset the password. */
export type RecoveryPhrase = string

/** Who there is, and one's own account. Passwords and private keys never leave the client. */
export interface People {
  /** Also logs in. NAME_TAKEN, BAD_NAME. The phrase is shown once and kept nowhere in the clear. */
  signUp(request: {
    readonly name: string
    readonly password: string
  }): Promise<{ readonly recoveryPhrase: RecoveryPhrase }>
  /**
   * Takes the session over from wherever else this account is logged in. NO_SUCH_ACCOUNT, WRONG_PASSWORD. ANOTHER_BY_THAT_NAME, and once more means that
   * account: on this machine another one has logged in by the name, which the server does not know.
   */
  logIn(request: { readonly name: string; readonly password: string }): Promise<void>
  logOut(): Promise<void>
  deleteAccount(): Promise<void>
  changePassword(request: { readonly password: string; readonly newPassword: string }): Promise<void>
  /** Sets a new password, and logs in. NO_SUCH_ACCOUNT, WRONG_PHRASE. */
  resetPassword(request: {
    readonly name: string
    readonly recoveryPhrase: RecoveryPhrase
    readonly newPassword: string
  }): Promise<void>
  /** A new phrase, in place of the former one. WRONG_PASSWORD. */
  renewRecoveryPhrase(request: { readonly password: string }): Promise<{ readonly recoveryPhrase: RecoveryPhrase }>
  /**
   * When the password or the recovery phrase of this account was changed last, and at which server, as the connected one says: what explains a password
   * that does not work any more. Null when neither was, or that is not known. NO_SUCH_ACCOUNT.
   */
  keysChange(request: { readonly name: string }): Promise<{ readonly change: KeysChange | null }>
  /** Whether the person has confirmed that the phrase is written down; until then the app reminds. */
  recoveryNoted(): Promise<{ readonly noted: boolean }>
  noteRecovery(): Promise<void>

  /** By name, with `*` and `?`, or a plain substring; all of them, logged in or not, ascending by name. */
  accounts(request: { readonly like: string }): Promise<{ readonly accounts: readonly Person[] }>
  profile(request: { readonly name: string }): Promise<Profile>
  /** Those of these names that somebody has here. At most 100 names (TOO_MANY). */
  identities(request: { readonly names: readonly string[] }): Promise<{ readonly identities: readonly Identity[] }>
  /** From now on the person knows this account by this name, and nobody else. */
  accept(request: { readonly name: string; readonly account: AccountId }): Promise<void>
}

export interface Post {
  readonly post: UpdateId
  readonly author: string
  /** As of `Header`. */
  readonly fromAnother?: true
  readonly text: string
  /** Milliseconds since 1970, by the hybrid logical clock. */
  readonly postedAt: number
}

export interface PostPage {
  readonly posts: readonly Post[]
  /** The `before` of the next page; absent at the end. */
  readonly next?: string
}

export interface Timeline {
  /** 1 to 1,000 characters, readable by everyone in the group. */
  post(request: { readonly text: string }): Promise<{ readonly post: UpdateId }>
  /** What the person has written of a post and not posted; empty when there is none. Sealed, and wherever they log in, as drafts are. CANNOT_OPEN. */
  unposted(): Promise<{ readonly text: string }>
  /** Durable on this person's server when fulfilled; of no length: it is discarded. TOO_LARGE. */
  saveUnposted(request: { readonly text: string }): Promise<void>
  /** Removes one's own post everywhere. */
  deletePost(request: { readonly post: UpdateId }): Promise<void>
  follow(request: { readonly name: string }): Promise<void>
  unfollow(request: { readonly name: string }): Promise<void>
  /** Posts of those whom the person follows (and with `own` one's own), newest first. */
  timeline(request: { readonly limit: number; readonly before?: string; readonly own?: boolean }): Promise<PostPage>
  /** One person's posts, newest first. */
  posts(request: { readonly name: string; readonly limit: number; readonly before?: string }): Promise<PostPage>
}
