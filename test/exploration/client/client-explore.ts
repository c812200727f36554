import { measureBy } from './native-work.ts'
import { installs } from './group.ts'
import { limits } from '../../../replica/core/model/limits.ts'
import { admit } from '../../../replica/host/newcomers.ts'
import { sha256, utf8 } from '../../../replica/wire/bytes.ts'
import { inviteIdOf } from '../../../replica/wire/invite-codec.ts'
import type { Identity } from '../../../replica/core/membership.ts'
import type { DiskCopy } from '../../simulation/sim-disk.ts'
import { Random } from '../../simulation/random.ts'
import { asText, isUnsettled, lostVersions, shownBy, type Shown, unfound, untold, untruths } from './checks.ts'
import { ClientDeviations, type ClientDeviation, type ClientMoment } from './client-deviations.ts'
import { ClientStage } from './client-stage.ts'
import { changePasswordAt } from './people-stage.ts'
import { Lan } from './lan.ts'
import { Ledger } from './ledger.ts'
import type { Person } from './person.ts'
import { ServerMachine } from './server.ts'
import { VirtualTime } from './virtual-time.ts'
import { lookedUp } from './window.ts'

const restartMs = 300
const limitMs = 150_000
const healMs = 3_000
const mostHealMs = 90_000
const inviteMs = 3_600_000

export interface ClientScenario {
  readonly lastsMs: number
  /** Left out: the people are logged in before anything can go wrong. */
  readonly from?: 'the log-in'
  readonly play: (stage: ClientStage) => void
  /** To whom things happen: Ada, unless said otherwise. */
  readonly hero?: string
  /** When mails are made searchable; only when somebody searches, unless said otherwise. */
  readonly searches?: 'atLogIn'
  /** Old deletions are forgotten after seconds; after a month, unless said otherwise. */
  readonly forgets?: 'soon'
  /** Their machines have no servers: they go on at any. */
  readonly machines?: 'without servers'
}

export interface ClientRun {
  /** What was not as it should be: the check, and what there is to tell of it. */
  readonly failed: { readonly check: string; readonly message: string } | null
  readonly moments: readonly ClientMoment[]
  readonly course: string
  readonly end: string
  readonly lines: readonly string[]
}

interface Prepared {
  readonly identities: readonly Identity[]
  readonly copies: readonly DiskCopy[]
}

let prepared: Promise<Prepared> | null = null

const { forgottenDays, forgottenAtLeast, forgetEveryMs } = limits
const forgetting = {
  usual: { forgottenDays, forgottenAtLeast, forgetEveryMs },
  // Later than anything that is under way, or on the other side of a line that has gone silent, can still come.
  soon: { forgottenDays: 10 / 86_400, forgottenAtLeast: 1, forgetEveryMs: 2_000 },
}

// What a client sets aside for so many costs more time than all that it does in a run.
Object.assign(limits, { cachedIds: 512 })

/** Plays a scenario once, with what is planned to go wrong; then everything is healed, and what people were told has to be true. */
export const runClients = async (scenario: ClientScenario, plan: readonly ClientDeviation[]): Promise<ClientRun> => {
  prepared ??= prepare()
  Object.assign(limits, forgetting[scenario.forgets ?? 'usual'])
  const play = new Play(plan, 2)
  await play.begin(await prepared)
  return play.run(scenario)
}

/** A group of two machines, in which Ada and Bob have signed up. */
const prepare = async (): Promise<Prepared> => {
  const play = new Play([], 1)
  await play.found()
  for (const [name, seat] of [
    ['ada', 1],
    ['bob', 2],
  ] as const)
    play.stage.signUp(name, seat)
  await play.time.runTo(play.time.nowMs + 6_000)
  for (const person of play.stage.people.values())
    if (person.session === 'out') throw new Error(`${person.name} is out`)
  const identities = play.servers.map(({ identity }) => identity)
  return { identities, copies: play.servers.map(({ disk }) => disk.copy()) }
}

class Play {
  readonly time = new VirtualTime()
  readonly lan = new Lan(this.time)
  readonly ledger = new Ledger()
  readonly deviations: ClientDeviations
  readonly servers: readonly ServerMachine[]
  readonly stage: ClientStage
  readonly #random: Random
  readonly #others: Person[] = []
  #isHealing = false

  constructor(plan: readonly ClientDeviation[], seed: number) {
    this.#random = new Random(seed)
    measureBy(() => this.time.nowMs)
    const { time, lan, ledger } = this
    const random = this.#random
    this.deviations = new ClientDeviations(plan)
    const beforeWrite = (server: ServerMachine) => () => this.deviations.beforeWrite(server)
    this.servers = installs.map(
      (install) => new ServerMachine(install, { time, lan, random: random.fork(), beforeWrite }),
    )
    const look = (person: Person): Promise<string | null> => this.#look(person)
    this.stage = new ClientStage({
      look,
      time,
      lan,
      ledger,
      random: random.fork(),
      servers: this.servers,
      watch: this.deviations,
    })
  }

  async found(): Promise<void> {
    const [first, second] = this.servers
    if (first === undefined || second === undefined) throw new Error('there are no servers')
    await this.#drive(first.start())
    const machine = 'a machine'
    await this.#drive(first.host.command({ kind: 'found', groupName: 'the group', server: first.server, machine }))
    const token = this.#random.bytes(16)
    const expiresAtMs = this.time.nowMs + inviteMs
    await this.#drive(first.host.command({ kind: 'invite', invite: inviteIdOf(token), expiresAtMs }))
    const { peer, server } = second.install
    const answer = await this.#drive(admit(first.host, { token, peer, server, machine }))
    if (!answer.ok) throw new Error(answer.failure.message)
    const { admission, vouchers } = answer.value
    second.identity = { ...second.identity, admission, vouchers }
    await this.#drive(second.start())
    await this.time.runTo(this.time.nowMs + 1_000)
    await this.#drive(second.host.command({ kind: 'claim', server, machine, replaces: null }))
    await this.time.runTo(this.time.nowMs + 1_000)
  }

  async begin({ identities, copies }: Prepared): Promise<void> {
    await this.time.runTo(this.time.nowMs + 60_000)
    for (const [index, server] of this.servers.entries()) {
      server.identity = identities[index] ?? server.identity
      server.disk.restore(copies[index] as DiskCopy)
      await this.#drive(server.start())
    }
    await this.time.runTo(this.time.nowMs + 500)
    for (const [name, seat] of [
      ['ada', 1],
      ['bob', 2],
    ] as const)
      this.stage.enter(name, seat)
  }

  async run(scenario: ClientScenario): Promise<ClientRun> {
    const unhandled: string[] = []
    const note = (error: unknown): void => {
      unhandled.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    process.on('unhandledRejection', note)
    try {
      const problems = await this.#play(scenario)
      const all = [...this.ledger.violations, ...unhandled.map((text) => `unhandled: ${text}`), ...problems]
      const [first] = all
      const failed = first === undefined ? null : { check: first.split(':')[0] ?? first, message: all.join('\n') }
      const end = failed?.check ?? this.#end
      const { seen: moments } = this.deviations
      const lines = [...this.ledger.letters.values()].map(({ words, story }) => `${words}: ${story.join('; ')}`)
      return { failed, moments, course: this.#course(), end, lines }
    } finally {
      process.off('unhandledRejection', note)
      for (const person of [...this.stage.people.values(), ...this.stage.former, ...this.#others]) person.kill()
      for (const server of this.servers) server.crash()
    }
  }

  #end = ''

  async #play(scenario: ClientScenario): Promise<readonly string[]> {
    const { lastsMs, from, play, hero = 'ada' } = scenario
    const people = [...this.stage.people.values()]
    for (const { device } of people) {
      device.searchStart = scenario.searches ?? 'atFirstSearch'
      device.serves = scenario.machines === 'without servers' ? 'nobody' : 'itself'
    }
    if (from === undefined) {
      for (const person of people) person.comeIn()
      await this.time.runTo(this.time.nowMs + 2_000, () => people.every(({ session }) => session === 'in'))
      for (const person of people) person.comeIn()
      await this.time.runTo(this.time.nowMs + 2_000)
    }
    play(this.stage)
    this.#beginDeviations(hero)
    if (from !== undefined) for (const person of people) person.comeIn()
    await this.time.runTo(this.time.nowMs + lastsMs)
    this.#heal()
    return this.#judge()
  }

  #beginDeviations(hero: string): void {
    const { time, lan, servers } = this
    const { stage } = this
    const copies = new Map(servers.map((server) => [server, server.disk.copy()]))
    this.deviations.begin({
      ...{ time, lan, servers, copies },
      get device() {
        return stage.person(hero).device
      },
      kill: () => {
        const person = stage.person(hero)
        person.kill()
        time.after(restartMs, () => person.start())
      },
      elsewhere: (what) => void this.#elsewhere(what),
      isSpread: () => !lan.isParted && servers.every(({ isUp }) => isUp) && this.#areEqual(),
      restart: (server, afterMs) => {
        time.after(afterMs, () => this.#restart(server))
      },
    })
  }

  #restart(server: ServerMachine): void {
    if (!server.isUp) void server.start()
  }

  /** Ada is at another machine for a moment. */
  async #elsewhere(what: 'looks' | 'changes the password'): Promise<void> {
    const other = this.stage.another('ada', "ada's other machine", 2)
    this.#others.push(other)
    other.start()
    for (let look = 0; look < 30 && other.session === 'out' && !this.#isHealing; look += 1) {
      await this.#pass(100)
      other.comeIn()
    }
    if (other.session === 'out' || this.#isHealing) return
    if (what === 'changes the password') await changePasswordAt(other, this.ledger, 'another password')
    else await other.ask('look', (client) => client.list({ folder: 'inbox', limit: 10 }))
    await this.#pass(500)
    if (other.device.client === null) return
    await other.ask('close', (client) => client.close())
    other.kill()
  }

  #heal(): void {
    this.#isHealing = true
    this.deviations.stop()
    this.stage.stop()
    for (const other of this.#others) other.kill()
    for (const server of this.servers) {
      server.disk.makeRoom()
      this.#restart(server)
    }
    if (this.lan.isParted) this.lan.meet()
    for (const { device } of this.stage.people.values()) device.heal()
  }

  async #judge(): Promise<readonly string[]> {
    const people = [...this.stage.people.values()]
    const sinceMs = this.time.nowMs
    for (;;) {
      for (const person of people) person.comeIn()
      await this.time.runTo(this.time.nowMs + healMs)
      const areIn = people.every(({ session, calls }) => session === 'in' && calls.size === 0)
      const isLate = this.time.nowMs - sinceMs > mostHealMs
      if (!areIn && isLate) return people.flatMap((person) => this.#stuckOf(person))
      if (!areIn) continue
      const shown = await this.#shownByAll(people)
      const isSettled = this.#areEqual() && shown.size === people.length && ![...shown.values()].some(isUnsettled)
      if (isSettled || isLate) return this.#problems(people, shown)
    }
  }

  async #problems(people: readonly Person[], shown: ReadonlyMap<string, Shown>): Promise<readonly string[]> {
    const problems = [...untruths(this.ledger, shown)]
    if (shown.size < people.length) problems.push('a client that is logged in is not served')
    if (!this.#areEqual()) problems.push('the servers do not agree')
    for (const person of people) problems.push(...(await this.#windowProblems(person, shown.get(person.name))))
    problems.push(...(await this.#seenAnew(people, shown)))
    this.#end = JSON.stringify([...this.ledger.letters.values()].map(({ told }) => told))
    return problems
  }

  async #windowProblems(person: Person, shown: Shown | undefined): Promise<readonly string[]> {
    const { window, name } = person
    await this.time.runTo(this.time.nowMs + 500)
    const now = await this.#look(person)
    return [
      ...(shown === undefined ? [] : unfound(shown)),
      ...(window.isConnected ? [] : [`shown as not connected: ${name}`]),
      ...(window.shown === now ? [] : [`the window shows what was before: ${name}:\n${window.shown}\n${now}`]),
      ...(shown === undefined ? [] : untold(this.ledger, shown, person)),
      ...(shown === undefined ? [] : lostVersions(this.ledger, person, shown)),
    ]
  }

  async #look({ device: { client } }: Person): Promise<string | null> {
    const server = this.servers.find((one) => client !== null && one.server === client.server)
    const account = client?.account ?? null
    if (server?.isUp !== true || account === null) return null
    return server.host.read((core) => lookedUp(core, account)).catch(() => null)
  }

  #stuckOf({ name, session, calls }: Person): readonly string[] {
    const late = [...calls].map(
      ({ what, sinceMs }) => `never answered: ${name}: ${what}, since ${this.time.nowMs - sinceMs} ms`,
    )
    return session === 'in' ? late : [...late, `never logged in: ${name}`]
  }

  async #shownByAll(people: readonly Person[]): Promise<Map<string, Shown>> {
    const shown = new Map<string, Shown>()
    for (const person of people) {
      const outcome = await this.#drive(person.ask('look at everything', (client) => shownBy(client, person.name)))
      if (outcome.kind === 'done') shown.set(person.name, outcome.value)
      else if (!['UNREACHABLE', 'NOT_LOGGED_IN'].includes(outcome.code))
        this.ledger.violations.push(`look refused: ${outcome.code}: ${outcome.message}`)
    }
    return shown
  }

  /** At a machine that remembers nothing everything is as it was; and whose session that takes over is told so. */
  async #seenAnew(people: readonly Person[], before: ReadonlyMap<string, Shown>): Promise<readonly string[]> {
    const problems: string[] = []
    for (const person of people) {
      person.isAway = true
      const fresh = this.stage.another(person.name, 'a new machine', 2)
      this.#others.push(fresh)
      fresh.start()
      for (let look = 0; look < 50 && fresh.session === 'out'; look += 1) {
        fresh.comeIn()
        await this.time.runTo(this.time.nowMs + 200)
      }
      if (fresh.session === 'out') {
        problems.push(`cannot log in: ${person.name} with "${fresh.passwords.join('" or "')}"`)
        continue
      }
      const seen = await this.#drive(fresh.ask('look anew', (client) => shownBy(client, person.name)))
      const shown = before.get(person.name)
      if (seen.kind === 'refused') problems.push(`look anew refused: ${seen.code}`)
      else if (shown !== undefined && asText(seen.value) !== asText(shown))
        problems.push(`shown otherwise anew: ${person.name}:\n${asText(shown)}\n${asText(seen.value)}`)
      await this.time.runTo(this.time.nowMs + 1_000)
      if (person.session === 'in') problems.push(`not told of the other log-in: ${person.name}`)
      if (person.session !== person.device.session) problems.push(`the window was told otherwise: ${person.name}`)
    }
    return problems
  }

  #course(): string {
    const texts = this.deviations.seen.map(({ text }) => text())
    return Buffer.from(sha256(utf8(texts.join('\n')))).toString('hex')
  }

  #areEqual(): boolean {
    const digests = new Set<string>()
    for (const server of this.servers) {
      if (!server.isUp) return false
      void server.host.read((core) => digests.add(core.state.digest()))
    }
    return digests.size === 1
  }

  #pass(ms: number): Promise<void> {
    return new Promise((over) => this.time.after(ms, over))
  }

  /** Lets time go on until this is settled. */
  async #drive<Value>(work: Promise<Value>): Promise<Value> {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    work.then(over, over)
    await this.time.runTo(this.time.nowMs + limitMs, () => isOver)
    return Promise.race([work, Promise.reject(new Error('it is never settled'))])
  }
}
