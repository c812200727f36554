import type { ReplicaApi, SessionPlace, Submission } from '../api/contract.ts'
import { QuintetError, toError } from '../core/model/errors.ts'
import { foldName } from '../core/model/fold-name.ts'
import {
  commandBytes,
  commandId,
  sessionBytes,
  sessionId,
  type AccountId,
  type Clock,
  type CommandId,
  type DocumentId,
  type SessionId,
} from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Meant } from '../core/model/meant.ts'
import type { BulkMark, Shelf } from '../core/model/mailbox-changes.ts'
import type { FollowChange } from '../core/model/social-changes.ts'
import { concat, fromBase64Url, toBase64Url, utf8 } from '../wire/bytes.ts'
import { signBytes } from '../wire/keys.ts'
import { decodeDocumentPayload, encodeDocumentPayload, encodeMarksPayload } from '../wire/mailbox-payloads.ts'
import { checkNewName } from '../wire/names.ts'
import {
  encodeAccountDeletionPayload,
  encodeAccountKeysPayload,
  encodeAccountPayload,
  encodeDeletionPayload,
  encodeReadPayload,
  type PersonKind,
} from '../wire/payload-codec.ts'
import type { SignerFields, WordFields } from '../wire/payload-parts.ts'
import { encodeFollowPayload } from '../wire/social-payloads.ts'
import { type Form, signPayload } from '../wire/update-codec.ts'
import { aesNonceBytes, aesOpen, aesSeal } from './aes.ts'
import { BundleSigner } from './bundle-signer.ts'
import { noSuchAccounts, verifiedAccount, type VerifiedAccount } from './account-directory.ts'
import type { ClientClock, RandomBytes } from './client-ports.ts'
import { encodeKeptSession, type KeptSession } from './kept-session.ts'
import { lockKeys, unlockKeys, type PasswordCost, type Secret } from './key-lock.ts'
import { MailOpener } from './mail-opener.ts'
import { MailSealer, type OpenMail } from './mail-sealer.ts'
import { newRecoveryPhrase } from './recovery-phrase.ts'
import { makePrivateHalves, personKeysOf, type PersonKeys } from './person-keys.ts'
import { WordClock } from './word-clock.ts'

export interface Credentials {
  readonly name: string
  readonly password: string
}

export interface SessionPorts {
  /** The name of the machine that the client runs on. */
  readonly machine: string
  readonly random: RandomBytes
  readonly clock: ClientClock
  readonly passwordCost: PasswordCost
}

/** What a person can say anew, to be signed with when it is said: each time as the same command. */
export type SignWord = (saidAt: Clock) => Promise<Submission>

const documentLabel = utf8('quintet/1/document')
const logInLabel = utf8('quintet/log-in/1')

/** A person who is logged in: the keys, and what they sign, seal and open. */
export class Session {
  #name: string
  /** Names this log-in, at every server that it is taken to. */
  readonly #session: SessionId
  readonly #machine: string
  /** When this log-in took place, as the first server said; null before. */
  #clock: Clock | null = null
  #hasSignedDeletion = false
  /** What signed the person up, in this run of the client; null: it was signed up before. */
  #signUp: Submission | null = null
  readonly opener: MailOpener
  readonly wordClock: WordClock
  readonly #groupId: Uint8Array
  readonly #keys: PersonKeys
  readonly #sealer: MailSealer
  readonly #signer: BundleSigner
  readonly #random: RandomBytes

  /** `kept`: the log-in that it goes on with; left out, it is a new one. */
  constructor(name: string, groupId: Uint8Array, keys: PersonKeys, ports: SessionPorts, kept?: KeptSession) {
    const { random, clock, machine } = ports
    this.#name = name
    this.#session = kept?.session ?? sessionId(toBase64Url(random(sessionBytes)))
    this.#clock = kept?.clock ?? null
    this.#machine = machine
    this.#groupId = groupId
    this.#keys = keys
    this.#random = random
    this.#signer = new BundleSigner(groupId, keys.signKey)
    this.opener = new MailOpener(groupId, keys)
    this.wordClock = new WordClock(clock)
    const sender = { account: keys.account, sealKey: keys.sealPair.publicKey }
    this.#sealer = new MailSealer({ groupId, sender, random, clock })
  }

  /** As the person is called now. */
  get name(): string {
    return this.#name
  }

  rename(name: string): void {
    this.#name = name
  }

  /** Whether the person has deleted the account by this session, if that came to pass. */
  get hasSignedDeletion(): boolean {
    return this.#hasSignedDeletion
  }

  get account() {
    return this.#keys.account
  }

  /** Seals what is kept for this person on the machine's disk. */
  get storeKey(): Uint8Array {
    return this.#keys.storeKey
  }

  /** For a later run of this client. NOT_LOGGED_IN before the log-in has taken place. */
  kept(): Uint8Array {
    if (this.#clock === null) throw new QuintetError('NOT_LOGGED_IN', 'Log in first.')
    return encodeKeptSession({
      halves: this.#keys.halves,
      session: this.#session,
      clock: this.#clock,
      name: this.#name,
    })
  }

  /** A server that has not got the account yet is given it with the log-in. */
  signedUpBy(submission: Submission): void {
    this.#signUp = submission
  }

  /**
   * Answers the replica's challenge. At the first time that takes other sessions of the account over; later the session is carried
   * on, and answered by who has taken it over meanwhile. NO_SUCH_ACCOUNT, NOT_HERE_YET, BAD_SIGNATURE, UNREACHABLE.
   */
  async logIn(api: ReplicaApi): Promise<SessionPlace | null> {
    try {
      return await this.#logIn(api)
    } catch (error) {
      const isUnknown = error instanceof QuintetError && error.code === 'NOT_HERE_YET'
      if (!isUnknown || this.#signUp === null) throw error
      // The server that the person signed up at went away before it could tell the others.
      await api.submit(this.#signUp).catch(() => {
        throw error
      })
      return this.#logIn(api)
    }
  }

  async #logIn(api: ReplicaApi): Promise<SessionPlace | null> {
    const challenge = await api.challenge()
    const signature = signBytes(this.#keys.signKey, concat([logInLabel, this.#groupId, challenge]))
    const { account } = this
    const request = { account, signature, session: this.#session, clock: this.#clock, machine: this.#machine }
    const { clock, takenBy } = await api.logIn(request)
    if (clock !== null) this.#clock = clock
    return takenBy
  }

  /** A name for a wish that is to be carried out once, however often it is given. */
  newCommand(): CommandId {
    return newCommand(this.#random)
  }

  async mail(mail: OpenMail): Promise<Submission> {
    return this.#signed('mail', mail.command, await this.#sealer.seal(mail))
  }

  /** Up to `limits.marksPerUpdate` mails. */
  marks(mark: BulkMark, meant: readonly Meant[]): SignWord {
    const [mails, tags] = [meant.map(({ id }) => id), meant.map(({ tag }) => tag)]
    return this.#word('marks', (fields) => encodeMarksPayload({ ...fields, mark, mails, tags }))
  }

  /** Writes a document; null deletes it. */
  document(document: DocumentId, shelf: Shelf, content: Uint8Array | null): SignWord {
    const sealed = content && this.#sealDocument(document, content)
    return this.#word('document', (fields) => encodeDocumentPayload({ ...fields, document, shelf, sealed }))
  }

  follow(whom: AccountId, state: FollowChange['state']): SignWord {
    return this.#word('follow', (fields) => encodeFollowPayload({ ...fields, whom, state }))
  }

  /** What `document` sealed, from its payload. CANNOT_OPEN. */
  openDocument(document: DocumentId, payload: Uint8Array): Uint8Array {
    const decoded = decodeDocumentPayload(payload)
    const sealed = decoded.ok && decoded.value.document === document ? decoded.value.sealed : null
    const [nonce, rest] = [sealed?.subarray(0, aesNonceBytes), sealed?.subarray(aesNonceBytes)]
    const isWhole = nonce?.length === aesNonceBytes && rest !== undefined
    const content = isWhole ? aesOpen(this.#keys.documentKey, nonce, rest, this.#bound(document)) : null
    if (content === null) throw new QuintetError('CANNOT_OPEN', 'A draft cannot be opened: it is damaged or not yours.')
    return content
  }

  /** Signs a change of the given kind, whose payload `encode` makes. */
  change(kind: PersonKind, encode: (signer: SignerFields) => Uint8Array): Promise<Submission> {
    const command = newCommand(this.#random)
    return this.#signed(kind, command, encode({ account: this.account, command }))
  }

  markRead({ id, tag }: Meant): Promise<Submission> {
    return this.change('read', (signer) => encodeReadPayload({ ...signer, mail: id, tag }))
  }

  deletion({ id, tag }: Meant): Promise<Submission> {
    return this.change('deletion', (signer) => encodeDeletionPayload({ ...signer, mail: id, tag }))
  }

  /** New locks for the private keys, in place of those of generation `generation - 1`. */
  accountKeys(generation: number, sealedKeys: Uint8Array): Promise<Submission> {
    const command = newCommand(this.#random)
    const payload = encodeAccountKeysPayload({ account: this.account, command, generation, sealedKeys })
    return this.#signed('accountKeys', command, payload)
  }

  accountDeletion(): Promise<Submission> {
    const command = newCommand(this.#random)
    this.#hasSignedDeletion = true
    return this.#signed('accountDeletion', command, encodeAccountDeletionPayload({ account: this.account, command }))
  }

  #sealDocument(document: DocumentId, content: Uint8Array): Uint8Array {
    const nonce = this.#random(aesNonceBytes)
    return concat([nonce, aesSeal(this.#keys.documentKey, nonce, content, this.#bound(document))])
  }

  #bound(document: DocumentId): Uint8Array {
    return concat([documentLabel, this.#groupId, fromBase64Url(this.account), fromBase64Url(document)])
  }

  #word(kind: PersonKind, encode: (fields: WordFields) => Uint8Array): SignWord {
    const command = newCommand(this.#random)
    return (saidAt) => this.#signed(kind, command, encode({ account: this.account, command, saidAt }), saidAt)
  }

  async #signed(kind: PersonKind, command: CommandId, payload: Uint8Array, saidAt?: Clock): Promise<Submission> {
    const form: Form = saidAt === undefined ? { kind } : { kind, saidAt }
    return { kind, command, payload, signature: await this.#signer.sign({ ...form, payload }) }
  }
}

export interface NewAccount {
  readonly session: Session
  readonly submission: Submission
  readonly sealedKeys: Uint8Array
  readonly recoveryPhrase: string
}

/** Makes a person's keys, locks them with the password and a new phrase, and gives the submission that signs them up. BAD_NAME, BAD_REQUEST, TOO_LARGE. */
export const newAccount = async (
  groupId: Uint8Array,
  credentials: Credentials,
  ports: SessionPorts,
): Promise<NewAccount> => {
  const name = checkedName(credentials.name)
  const password = checkedPassword(credentials.password)
  const { random, passwordCost } = ports
  const halves = makePrivateHalves(random)
  const keys = await personKeysOf(halves)
  const { account, sealKey } = keys
  const recoveryPhrase = newRecoveryPhrase(random)
  const sealedKeys = await lockKeys({
    halves,
    account,
    password,
    phrase: recoveryPhrase,
    random,
    cost: passwordCost,
  })
  const command = newCommand(random)
  const payload = encodeAccountPayload({ account, command, name, sealKey, sealedKeys })
  const signature = signPayload(groupId, 'account', payload, keys.signKey)
  const submission: Submission = { kind: 'account', command, payload, signature }
  const session = new Session(name, groupId, keys, ports)
  session.signedUpBy(submission)
  return { session, submission, sealedKeys, recoveryPhrase }
}

/** The record of who is called so. NO_SUCH_ACCOUNT, BAD_SIGNATURE. */
export const accountNamed = async (
  lookUp: ReplicaApi['lookUp'],
  groupId: Uint8Array,
  asked: string,
): Promise<VerifiedAccount & { readonly calledNow: string }> => {
  const name = normalName(asked)
  const found = (await lookUp({ names: [name], accounts: [] })).find((info) => foldName(info.name) === foldName(name))
  if (found === undefined) throw noSuchAccounts([name])
  return { ...verifiedAccount(groupId, found), calledNow: found.name }
}

/** Unlocks the keys of a person whom the replica knows. NO_SUCH_ACCOUNT, WRONG_PASSWORD, WRONG_PHRASE, BAD_SIGNATURE, NEWER_FORMAT, DAMAGED. */
export const knownAccount = async (
  record: VerifiedAccount & { readonly calledNow: string },
  groupId: Uint8Array,
  by: Secret,
  ports: SessionPorts,
): Promise<Session> => {
  const { account, sealKey, sealedKeys, calledNow } = record
  const keys = await personKeysOf(await unlockKeys(sealedKeys, account, by))
  if (keys.account !== account || toBase64Url(keys.sealKey) !== toBase64Url(sealKey)) {
    throw new QuintetError('DAMAGED', "The account's sealed keys are not its own.")
  }
  return new Session(calledNow, groupId, keys, ports)
}

/** One way to write a name: what looks the same is the same. */
export const normalName = (name: string): string => {
  if (name.length > limits.nameChars * 2 + 8) {
    const shown = JSON.stringify(`${name.slice(0, limits.nameChars)}…`)
    throw new QuintetError('BAD_NAME', `A name can have ${limits.nameChars} characters at most, unlike ${shown}.`)
  }
  return name.normalize('NFC')
}

const checkedName = (name: string): string => {
  const checked = checkNewName(normalName(name))
  if (!checked.ok) throw toError(checked.failure)
  return checked.value
}

/** BAD_REQUEST, TOO_LARGE. */
export const checkedPassword = (password: string): string => {
  if (password === '') throw new QuintetError('BAD_REQUEST', 'The password is empty.')
  if (password.length > limits.passwordChars) {
    throw new QuintetError('TOO_LARGE', `A password can have ${limits.passwordChars} characters at most.`)
  }
  return password
}

const newCommand = (random: RandomBytes): CommandId => commandId(toBase64Url(random(commandBytes)))
