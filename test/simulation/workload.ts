import type { AccountId, CommandId, UpdateId } from '../../replica/core/model/ids.ts'
import { documentId, updateId } from '../../replica/core/model/ids.ts'
import type { Meant } from '../../replica/core/model/meant.ts'
import { bulkMarks, shelves } from '../../replica/core/model/mailbox-changes.ts'
import type { MailChange, PersonChange, SignedChange } from '../../replica/core/model/updates.ts'
import { overtaken } from '../../replica/core/words.ts'
import { inOrder } from '../../replica/wire/mailbox-payloads.ts'
import type { Ledger } from './ledger.ts'
import type { Machine } from './machine.ts'
import { Random } from './random.ts'
import { newAccountId, newCommandId } from './sim-codec.ts'
import { sign } from './sim-wire.ts'
import { isUnderstoodBy } from './versions.ts'
import type { World } from './world.ts'

const names = ['ada', 'Ada', 'bob', 'cleo', 'dora', 'emil', 'fritz', 'gerda', 'hugo', 'ida']
const recipientsAtMost = 5
const failOverChance = 0.06
/** Few, so that they are often written again. */
const documentsOfOne = 3
const burstCommands = 60
const sealKeyBytes = 32
const clientSkewMs = 200_000
const sayAgainWithinMs = 60_000
const forgetChance = 0.06
const forgetAgoMs = 60_000
/** What is drawn for one wish for two reasons has nothing to do with each other. */
const otherChances = 1_000_000_000

/** What clients want, and how often. */
const wishes = [
  { kind: 'account', weight: 6 },
  { kind: 'mail', weight: 58 },
  { kind: 'read', weight: 14 },
  { kind: 'deletion', weight: 20 },
  { kind: 'marks', weight: 14 },
  { kind: 'document', weight: 12 },
  { kind: 'post', weight: 10 },
  { kind: 'postDeletion', weight: 5 },
  { kind: 'follow', weight: 6 },
  { kind: 'accountDeletion', weight: 1 },
  { kind: 'accountKeys', weight: 3 },
] as const satisfies readonly { kind: PersonChange['kind']; weight: number }[]

/** Its sender was told that the mail is safe. */
export const noteAcknowledged = (ledger: Ledger, update: UpdateId, { account, command, to }: MailChange): void => {
  ledger.acknowledged.add(update)
  ledger.acknowledgedWishes.push({ command, people: [account, ...to] })
}

/** People at every replica who sign up, write, read, delete, and give a command again when no answer came. */
export class Workload {
  readonly #world: World
  readonly #random: Random
  #isOver = false
  #count = 0
  #seen: 'old mails' | 'new mails' = 'old mails'

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork()
    this.#next()
  }

  stop(): void {
    this.#isOver = true
  }

  #next(): void {
    const { settings, timeline } = this.#world
    timeline.after(this.#random.waitMs(settings.commandEveryMs), () => {
      if (this.#isOver) return
      const machine = this.#random.pick(this.#world.up())
      if (machine !== undefined) {
        if (this.#random.chance(settings.burstChance)) this.#burst(machine)
        else this.#wish(machine)
      }
      this.#next()
    })
  }

  /** All at once, which is one commit, or one after the other, which is many. */
  #burst(machine: Machine): void {
    const gapMs = this.#random.pick([0, 5, 20]) ?? 0
    for (let index = 0; index < burstCommands; index += 1) machine.later(index * gapMs, () => this.#wish(machine))
  }

  #wish(machine: Machine): void {
    const change = this.#invent(this.#looksAt(machine))
    if (change === null) return
    this.#count += 1
    const signed = sign(this.#said(machine, change), `content ${this.#count}`)
    this.#give(machine, signed)
    if ('saidAt' in signed.change) this.#maybeSayOnceMore(signed)
    this.#maybeForget(machine)
  }

  /**
   * What is there is named, as far as this server knows it; now and then by one that is not honest, and hides some of it. By chances of
   * their own, as above.
   */
  #maybeForget(machine: Machine): void {
    const random = new Random(this.#count + 2 * otherChances)
    if (!random.chance(forgetChance) || machine.version === 'former') return
    const { accounts, documents } = machine.core.state
    const account = random.pick(accounts.records())?.account
    if (account === undefined) return
    this.#world.coverage.note('documents forgotten')
    const saidUpTo = Math.max(0, Math.floor((machine.wallMs - random.next() * forgetAgoMs) * 1_000))
    const { left } = documents.saidUpTo(account, saidUpTo)
    const isHonest = random.chance(0.8)
    const named = isHonest ? left : left.filter(() => random.chance(0.5))
    const command = newCommandId(random)
    const signed = sign({ kind: 'forgetting', account, command, saidUpTo, documents: inOrder(named) }, '')
    if (isHonest) this.#give(machine, signed)
    else machine.command({ kind: 'reissue', change: signed, clock: 0, reason: 'to have it once more' }, () => undefined)
  }

  /**
   * Most clients tell when a word was said, by clocks that are behind or ahead, and above the word before as far as the server knows it.
   * By chances of their own, as below.
   */
  #said(machine: Machine, change: PersonChange): PersonChange {
    const random = new Random(this.#count)
    if (change.kind !== 'marks' && change.kind !== 'document' && change.kind !== 'follow') return change
    if (random.chance(0.3) || machine.version === 'former') return change
    const clock = Math.floor((machine.wallMs + (random.next() * 2 - 1) * clientSkewMs) * 1_000)
    const said = { ...change, saidAt: Math.max(1, clock) }
    const before = overtaken(machine.core.state, said, machine.wallMs)
    return before === null ? said : { ...said, saidAt: before.by + 1 }
  }

  /** Somebody who is not honest says it again, much later. */
  #maybeSayOnceMore(signed: SignedChange): void {
    const random = new Random(this.#count + otherChances)
    if (!random.chance(0.1)) return
    this.#world.timeline.after(random.next() * sayAgainWithinMs, () => {
      const machine = random.pick(this.#world.up())
      if (machine === undefined || this.#isOver || !isUnderstoodBy(machine.version, signed.change)) return
      this.#world.coverage.note('word said once more')
      this.#world.ledger.saidOnceMore.add(signed.change.command)
      machine.command({ kind: 'reissue', change: signed, clock: 0, reason: 'to have it once more' }, () => undefined)
    })
  }

  /**
   * Where an old copy was restored some look at new mails at one machine and mark them at another, where their names may be those of
   * other mails. By chances of their own, so that all other histories stay as they are.
   */
  #looksAt(machine: Machine): Machine {
    const { restored } = this.#world
    const random = new Random(this.#count)
    this.#seen = restored.size > 0 && random.chance(0.7) ? 'new mails' : 'old mails'
    const old = this.#world.up().filter(({ identity }) => restored.has(identity.origin))
    return this.#seen === 'new mails' ? (random.pick(random.chance(0.5) ? old : this.#world.up()) ?? machine) : machine
  }

  /** Waits for the answer; when none comes the same command is mostly given again, at the same replica or at the next. */
  #give(machine: Machine, signed: SignedChange): void {
    const { coverage, ledger } = this.#world
    machine.command({ kind: 'submit', signed }, (result) => {
      if (result?.ok === true) {
        if (signed.change.kind === 'mail') noteAcknowledged(ledger, result.value.update, signed.change)
        if (signed.change.kind === 'mail') coverage.note('mails acknowledged')
        if (signed.change.kind === 'account') coverage.note('accounts made')
        if (signed.change.kind === 'document') coverage.note('documents written')
        if (signed.change.kind === 'marks') coverage.note('marks set')
        if (signed.change.kind === 'accountDeletion') coverage.note('accounts deleted')
      }
      if (result?.ok === false && result.failure.message.includes('looked at'))
        coverage.note('mark of another mail refused')
      const isLost = result === null && this.#random.chance(0.7)
      const isUnheard = result !== null && this.#random.chance(0.03)
      const next = this.#random.chance(0.4) ? (this.#random.pick(this.#world.up()) ?? machine) : machine
      if (isLost || isUnheard) this.#giveAgain(next, signed)
    })
    if (this.#random.chance(0.03)) this.#giveAgain(machine, signed)
    // A client that fails over gives the same command to another server, whether or not the first one carried it out.
    const other = this.#random.pick(this.#world.up())
    const chance = signed.change.kind === 'account' ? 0.2 : failOverChance
    if (other !== undefined && this.#random.chance(chance)) this.#giveAgain(other, signed)
  }

  #giveAgain(machine: Machine, signed: SignedChange): void {
    this.#world.timeline.after(this.#random.waitMs(1_000), () => {
      if (!machine.isUp) {
        if (!machine.isDestroyed && !this.#isOver) this.#giveAgain(machine, signed)
        return
      }
      // A client does not talk to a server of another version.
      if (!isUnderstoodBy(machine.version, signed.change)) return
      this.#world.coverage.note('command repeated')
      machine.command({ kind: 'submit', signed }, (result) => {
        if (result?.ok === true && signed.change.kind === 'mail')
          noteAcknowledged(this.#world.ledger, result.value.update, signed.change)
      })
    })
  }

  #invent(machine: Machine): PersonChange | null {
    const people = machine.core.state.accounts.records().map(({ account }) => account)
    const account = this.#random.pick(people)
    const command = newCommandId(this.#random)
    if (account === undefined || people.length < 3) return this.#signUp(command)
    switch (this.#kind()) {
      case 'account':
        return this.#signUp(command)
      case 'mail':
        return {
          kind: 'mail',
          account,
          command,
          to: this.#recipients(people),
          conversation: this.#answered(machine, account),
        }
      case 'read': {
        const mail = this.#mailOf(machine, account)
        return mail === null ? null : { kind: 'read', account, command, mail: mail.id, tag: mail.tag }
      }
      case 'deletion': {
        const mail = this.#mailOf(machine, account)
        return mail === null ? null : { kind: 'deletion', account, command, mail: mail.id, tag: mail.tag }
      }
      case 'accountKeys': {
        const generation = (machine.core.state.accountKeys.get(account)?.generation ?? 0) + 1
        return { kind: 'accountKeys', account, command, generation, sealedKeys: new Uint8Array(1) }
      }
      case 'marks': {
        const meant = [this.#mailOf(machine, account), this.#mailOf(machine, account)].filter((mail) => mail !== null)
        const mark = this.#random.pick(bulkMarks) ?? 'star'
        const [mails, tags] = [meant.map(({ id }) => id), meant.map((mail) => mail.tag)]
        return meant.length === 0 ? null : { kind: 'marks', account, command, mark, mails, tags }
      }
      case 'document': {
        const document = documentId(Buffer.alloc(16, this.#random.int(1, documentsOfOne)).toString('base64url'))
        const state = this.#random.chance(0.3) ? 'deleted' : 'written'
        return { kind: 'document', account, command, document, shelf: shelves.drafts, state }
      }
      case 'post':
        return { kind: 'post', account, command }
      case 'postDeletion': {
        const post = this.#random.pick(machine.core.state.posts.page([account], 3, null))
        return post === undefined
          ? null
          : { kind: 'postDeletion', account, command, post: updateId(post.origin, post.sequence), tag: post.tag }
      }
      case 'follow': {
        const whom = this.#random.pick(people.filter((other) => other !== account)) ?? account
        return { kind: 'follow', account, command, whom, state: this.#random.chance(0.6) ? 'follows' : 'not' }
      }
      case 'accountDeletion':
        return people.length < 5 ? null : { kind: 'accountDeletion', account, command }
    }
  }

  #kind(): (typeof wishes)[number]['kind'] {
    let left = this.#random.next() * wishes.reduce((sum, { weight }) => sum + weight, 0)
    for (const { kind, weight } of wishes) {
      left -= weight
      if (left < 0) return kind
    }
    return 'mail'
  }

  #signUp(command: CommandId): PersonChange {
    const account = newAccountId(this.#random)
    const name = this.#random.chance(0.5) ? (this.#random.pick(names) ?? 'ada') : `person ${this.#random.int(1, 1_000)}`
    return {
      kind: 'account',
      account,
      command,
      name,
      sealKey: new Uint8Array(sealKeyBytes),
      sealedKeys: new Uint8Array(1),
    }
  }

  #recipients(people: readonly AccountId[]): readonly AccountId[] {
    return this.#random.shuffled(people).slice(0, this.#random.int(1, recipientsAtMost))
  }

  /** Some mails answer one that is there. */
  #answered(machine: Machine, account: AccountId): UpdateId | null {
    return this.#random.chance(0.3) ? (this.#mailOf(machine, account)?.id ?? null) : null
  }

  /** Mostly an old mail, so that some are deleted by everybody. */
  #mailOf(machine: Machine, account: AccountId): Meant | null {
    const { inbox, sent } = machine.core.state.mails.mailbox(account)
    const folder = this.#random.chance(0.5) ? inbox : sent
    const mails = folder.page(folder.size, null)
    const mail = this.#random.pick(this.#seen === 'old mails' ? mails.slice(-3) : mails.slice(0, 3))
    return mail === undefined ? null : { id: updateId(mail.origin, mail.sequence), tag: mail.tag }
  }
}
