import type { ReplicaApi } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import { foldName } from '../core/model/fold-name.ts'
import { allServerIds, type AccountId } from '../core/model/ids.ts'
import { toBase64Url } from '../wire/bytes.ts'
import { noSuchAccounts, suffixMark, verifiedAccount, type VerifiedAccount } from './account-directory.ts'
import type { ClientContext } from './client-context.ts'
import {
  changedKeys,
  changeLock,
  isPhraseNoted,
  lockPrints,
  notePhrase,
  type LockPrints,
  type Secret,
} from './key-lock.ts'
import type { LogInsHere } from './log-ins-here.ts'
import { accountNamed, knownAccount, normalName, type Session } from './session.ts'

export type NamedRecord = VerifiedAccount & { readonly calledNow: string }

/** What begins with a log-in, or a sign-up. */
type Locked = Pick<VerifiedAccount, 'account' | 'generation' | 'sealedKeys'>

export interface Unlocked {
  readonly session: Session
  readonly record: NamedRecord
}

/** The account of who is logged in, or is about to be, as the connected replica knows it. */
export class OwnAccount {
  readonly #context: ClientContext
  readonly #here: LogInsHere
  /** The last change of the locks that this client has made or seen. */
  readonly #generations = new Map<AccountId, number>()
  /** Those that this client has made, and does not know yet to be given in. */
  readonly #made = new Set<string>()
  /** By which name somebody tried to log in last whom this machine does not know by it: who does so once more means that account. */
  #doubtedName: string | null = null

  constructor(context: ClientContext, here: LogInsHere) {
    this.#context = context
    this.#here = here
    context.listen({ deleted: ({ account }) => void here.forget(account) })
  }

  /** Fulfilled when it is known what this machine has seen of accounts. */
  load(): Promise<void> {
    return this.#here.load()
  }

  named(name: string): ReturnType<typeof accountNamed> {
    const { link, groupId } = this.#context
    return accountNamed((query) => link.call((api) => api.lookUp(query)), groupId, name)
  }

  /**
   * Opens the account that has logged in on this machine by this name: its locks are its own, and tell a server that lies nothing of the password.
   * Where none has, or the server is this machine's own, the account of this name, or that of somebody who signed up by it as well, apart, and who is called otherwise since the sides of
   * a split have met, or since the other account was deleted: nothing has told them, if they were not logged in then. NO_SUCH_ACCOUNT,
   * ANOTHER_BY_THAT_NAME, WRONG_PASSWORD, WRONG_PHRASE, and as `knownAccount`.
   */
  async unlocked(name: string, by: Secret): Promise<Unlocked> {
    await this.#here.load()
    const folded = foldName(normalName(name))
    const known = this.#here.named(folded)
    // A phrase cannot be guessed; and the machine's own server has no more of a guess than who can change that has anyway.
    const isBound = known.length > 0 && by.kind === 'password' && this.#context.link.isAtHome !== true
    const isMeant = this.#doubtedName === folded
    this.#doubtedName = null
    const attempt = new Attempt(this.#context, by)
    if (known.length > 0) await attempt.on(await this.#records(known))
    const named = attempt.isOver ? null : await this.named(name).catch(unknownAsNull)
    if (named !== null && (!isBound || isMeant)) await attempt.on([named])
    if (!isBound && !attempt.isOver) await attempt.onNamesakes(await this.#namesakes(name))
    const { opened } = attempt
    if (opened !== null) return opened
    if (named === null || attempt.isTried(named.account)) throw attempt.failure(name)
    this.#doubtedName = folded
    throw attempt.inDoubt(name)
  }

  async #records(accounts: readonly AccountId[]): Promise<readonly NamedRecord[]> {
    const found = await this.#lookUp({ names: [], accounts })
    return found.filter(({ account }) => accounts.includes(account))
  }

  /** One of each name, whatever the server shows. */
  async #namesakes(name: string): Promise<readonly NamedRecord[]> {
    const signed = normalName(name).replace(suffix, '')
    const names = [signed, ...allServerIds.map((server) => `${signed}${suffixMark}${server}`)]
    const found = await this.#lookUp({ names, accounts: [] })
    return names.flatMap((one) => found.find(({ calledNow }) => foldName(calledNow) === foldName(one)) ?? [])
  }

  async #lookUp(query: Parameters<ReplicaApi['lookUp']>[0]): Promise<readonly NamedRecord[]> {
    const { link, groupId } = this.#context
    const found = await link.call((api) => api.lookUp(query))
    return found.map((info) => ({ ...verifiedAccount(groupId, info), calledNow: info.name }))
  }

  tellOtherName(record: NamedRecord, asked: string): void {
    if (foldName(record.calledNow) !== foldName(normalName(asked))) this.#tellName(record)
  }

  #tellName({ calledNow, name }: NamedRecord): void {
    this.#context.tell({ event: 'renamed', name: calledNow, ...(calledNow === name ? { again: true } : {}) })
  }

  /** NO_SUCH_ACCOUNT, BAD_SIGNATURE. */
  async own({ account }: Session): Promise<NamedRecord> {
    const record = await this.record(account)
    const known = this.#generations.get(account) ?? 0
    if (record.generation >= known) this.#saw(record)
    if (record.generation > known) this.#generations.set(account, record.generation)
    return record
  }

  /**
   * Somebody has logged in by this record, or goes on with a log-in: told what opened the keys when this machine saw them last, and opens nothing any more.
   * `by`: what has just opened them.
   */
  tellChange(record: VerifiedAccount, by: 'password' | 'kept log-in'): void {
    const what = this.#changeIn(record)
    if (what === null || (what === 'password' && by === 'password')) return
    this.#context.tell({
      event: 'keysChanged',
      what: by === 'password' ? 'phrase' : what,
      change: record.keysChanged,
    })
  }

  /** Somebody has logged in by this record, and this name. */
  async begin({ account, generation, sealedKeys }: Locked, name: string): Promise<void> {
    this.#generations.set(account, Math.max(generation, this.#generations.get(account) ?? 0))
    const before = this.#here.of(account)
    const isFormer = before !== null && before.generation > generation
    await this.#note(account, isFormer ? before : { generation, ...lockPrints(sealedKeys) }, normalName(name))
  }

  async forget({ account }: Session): Promise<void> {
    await this.#here.forget(account)
  }

  #note(account: AccountId, seen: LockPrints & { readonly generation: number }, name?: string): Promise<void> {
    const { generation, password, phrase } = seen
    return this.#here.note(account, name ?? null, { generation, password, phrase })
  }

  /** Of two changes that were made apart one counts, and whoever made the other one goes by a password, or a phrase, that opens nothing. */
  #saw(record: VerifiedAccount): void {
    const { account, generation, sealedKeys, keysChanged } = record
    const what = this.#changeIn(record)
    if (generation >= (this.#here.of(account)?.generation ?? 0))
      void this.#note(account, { generation, ...lockPrints(sealedKeys) })
    if (what !== null && this.#context.session?.account === account)
      this.#context.tell({ event: 'keysChanged', what, change: keysChanged })
  }

  /** What of the locks is another one than this machine has seen last; null also where that was a later one, or is being made here. */
  #changeIn({ account, generation, sealedKeys }: VerifiedAccount): ReturnType<typeof changedKeys> {
    const before = this.#here.of(account)
    if (before === null || generation < before.generation || this.#made.has(toBase64Url(sealedKeys))) return null
    return changedKeys(before, lockPrints(sealedKeys))
  }

  /** NO_SUCH_ACCOUNT, BAD_SIGNATURE. */
  async record(account: AccountId): Promise<NamedRecord> {
    const [found] = await this.#records([account])
    if (found === undefined) throw new QuintetError('NO_SUCH_ACCOUNT', 'This account does not exist (any more).')
    return found
  }

  /** With the locks that a change replaces. An older lock would come back with the change: a phrase that was given up, say. NOT_HERE_YET. */
  async #locks(session: Session): Promise<VerifiedAccount> {
    const record = await this.own(session)
    if (record.generation >= (this.#generations.get(session.account) ?? 0)) return record
    throw new QuintetError('NOT_HERE_YET', 'This server does not have the last change of the password yet.')
  }

  async #giveIn(session: Session, generation: number, sealedKeys: Uint8Array): Promise<void> {
    const made = toBase64Url(sealedKeys)
    this.#made.add(made)
    await this.#context.submit(session, await session.accountKeys(generation, sealedKeys))
    this.#made.delete(made)
    this.#generations.set(session.account, generation)
    await this.#note(session.account, { generation, ...lockPrints(sealedKeys) })
  }

  async changeLock(session: Session, by: Secret, to: Secret): Promise<void> {
    const { random, passwordCost: cost } = this.#context.ports
    const { generation, sealedKeys } = await this.#locks(session)
    const changed = await changeLock(sealedKeys, session.account, by, to, { random, cost })
    await this.#giveIn(session, generation + 1, changed)
  }

  async notePhrase(session: Session): Promise<void> {
    const { generation, sealedKeys } = await this.#locks(session)
    if (!isPhraseNoted(sealedKeys)) await this.#giveIn(session, generation, notePhrase(sealedKeys))
  }

  /** Another account may have had the name first, on another side of a partition; or the account been deleted there. */
  async look(): Promise<void> {
    const { session } = this.#context
    if (session === null) return
    const record = await this.own(session).catch(unknownAsNull)
    if (record === null) return this.#context.confirm(session)
    if (record.calledNow === session.name || !this.#context.isPresent(session)) return
    session.rename(record.calledNow)
    this.#tellName(record)
  }
}

/** One password, or phrase, on several accounts, one after the other, until one opens. */
class Attempt {
  opened: Unlocked | null = null
  readonly #context: ClientContext
  readonly #by: Secret
  readonly #tried = new Set<AccountId>()
  #refused: { readonly error: QuintetError; readonly record: NamedRecord } | null = null

  constructor(context: ClientContext, by: Secret) {
    this.#context = context
    this.#by = by
  }

  get isOver(): boolean {
    return this.opened !== null
  }

  isTried(account: AccountId): boolean {
    return this.#tried.has(account)
  }

  /** As `knownAccount`, but for what is wrong. */
  async on(records: readonly NamedRecord[]): Promise<void> {
    for (const record of records) {
      await this.#open(record).catch((error: unknown) => {
        if (!isWrongSecret(error)) throw error
        this.#refused ??= { error, record }
      })
    }
  }

  /** As `on`, whatever is the matter with them: the person may have nothing to do with these. */
  async onNamesakes(records: readonly NamedRecord[]): Promise<void> {
    for (const record of records) await this.#open(record).catch(() => undefined)
  }

  async #open(record: NamedRecord): Promise<void> {
    if (this.isOver || this.#tried.has(record.account)) return
    this.#tried.add(record.account)
    const { groupId, ports } = this.#context
    this.opened = { record, session: await knownAccount(record, groupId, this.#by, ports) }
  }

  /** What to say where nothing was opened, and nothing is left to be tried. */
  failure(name: string): QuintetError {
    if (this.#refused !== null) return withChange(this.#refused.error, this.#refused.record)
    return noSuchAccounts([normalName(name)])
  }

  /** What to say where the name is another account's than that of who logs in here by it. */
  inDoubt(name: string): QuintetError {
    const again = 'Log in once more to try the password on that account; do so only if it is yours.'
    if (this.#refused !== null) {
      const { code, message } = this.failure(name)
      return new QuintetError(code, `${message} Another account is called ${normalName(name)} now. ${again}`)
    }
    const message = `Whoever logged in here as ${normalName(name)} is not known at this server, and another account is called so there.`
    return new QuintetError('ANOTHER_BY_THAT_NAME', `${message} ${again}`)
  }
}

/** Of a name that was taken twice. */
const suffix = new RegExp(`${suffixMark}\\d+$`)

export const isUnknown = (error: unknown): boolean => error instanceof QuintetError && error.code === 'NO_SUCH_ACCOUNT'

const unknownAsNull = (error: unknown): null => {
  if (isUnknown(error)) return null
  throw error
}

const isWrongSecret = (error: unknown): error is QuintetError =>
  error instanceof QuintetError && ['WRONG_PASSWORD', 'WRONG_PHRASE'].includes(error.code)

/** With what a wrong password, or phrase, may be due to. */
const withChange = (error: QuintetError, { keysChanged }: VerifiedAccount): QuintetError => {
  if (keysChanged === null) return error
  const { server, at } = keysChanged
  const moment = new Date(at).toISOString().slice(0, 'YYYY-MM-DDTHH:MM'.length).replace('T', ' ')
  const sentence = `The password or the recovery phrase was last changed on ${moment} (UTC), at server ${server}.`
  return new QuintetError(error.code, `${error.message} ${sentence}`)
}
