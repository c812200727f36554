import type { AccountId, Clock, ServerId, SessionId } from '../../replica/core/model/ids.ts'
import { sessionId } from '../../replica/core/model/ids.ts'
import type { Machine } from './machine.ts'
import { Random } from './random.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

const sessionBytes = 12
/** Few, so that they are often logged in at two places. */
const peopleWhoLogIn = 3
const goOnMs = 1_500

/** A person's client that has logged in. */
interface Client {
  readonly account: AccountId
  readonly session: SessionId
  clock: Clock
  /** Where it is connected, in which life of that machine. */
  at: Machine
  life: number
  /** It was logged out, or taken over. */
  isOver: boolean
}

/**
 * People who log in at any machine, and log out; their clients go on elsewhere when a machine goes down. By chances of its own, so that
 * other histories stay as they are.
 */
export class LogIns {
  readonly #world: World
  readonly #random: Random
  readonly #everyMs: number
  readonly #clients: Client[] = []
  /** When each account was logged in, as servers have said. */
  readonly #taken = new Map<AccountId, { readonly session: SessionId; readonly clock: Clock }[]>()
  #isOver = false

  constructor(world: World, everyMs: number) {
    this.#world = world
    this.#random = new Random(world.settings.chaosMs + 4)
    this.#everyMs = everyMs
    this.#next()
  }

  stop(): void {
    this.#isOver = true
  }

  /** A session ends only for a later one of the same account. */
  takenOver(machine: Machine, session: SessionId): void {
    const client = this.#clients.find((one) => one.session === session)
    if (client === undefined || client.isOver) return
    this.#world.coverage.note('log-in taken over')
    client.isOver = true
    const others = this.#taken.get(client.account) ?? []
    if (!others.some((other) => other.session !== session && isLater(other, client)))
      throw new Violation('log-in', `${machine.name} ends a session for one that is not later`)
    this.#tell(machine)
  }

  /** In the end each account is logged in at one place at most, and everybody knows where. */
  apart(): readonly string[] {
    const machines = this.#world.lasting()
    const open = this.#clients.filter((client) => isConnected(client) && machines.includes(client.at))
    return machines.flatMap(({ name, core }) =>
      [...new Set(open.map(({ account }) => account))].flatMap((account) => {
        const servers = open.filter((client) => client.account === account).map(({ at }) => at.seat)
        const known: readonly ServerId[] = core.online.get(account) ?? []
        if (servers.length > 1) return [`${account} is logged in ${servers.length} times`]
        return known.join() === servers.join()
          ? []
          : [`${name} takes an account to be at ${known.join()}, not ${servers.join()}`]
      }),
    )
  }

  #next(): void {
    this.#world.timeline.after(this.#random.waitMs(this.#everyMs), () => {
      if (this.#isOver) return
      const client = this.#random.pick(this.#clients.filter(isConnected))
      if (client !== undefined && this.#random.chance(0.2)) this.#logOut(client)
      else this.#logIn()
      this.goOn()
      this.#next()
    })
  }

  /** Whose server is gone goes on elsewhere. */
  goOn(): void {
    for (const lost of this.#clients.filter((one) => !one.isOver && !isConnected(one))) this.#goOnSoon(lost)
  }

  #logOut(client: Client): void {
    client.isOver = true
    this.#tell(client.at)
  }

  #logIn(): void {
    const machine = this.#random.pick(this.#world.up())
    if (machine === undefined) return
    const people = machine.core.state.accounts.records().map(({ account }) => account)
    const account = this.#random.pick(people.sort().slice(0, peopleWhoLogIn))
    if (account !== undefined) this.logInAt(machine, account)
  }

  logInAt(machine: Machine, account: AccountId): void {
    const session = sessionId(Buffer.from(this.#random.bytes(sessionBytes)).toString('base64url'))
    machine.whenIdle(() => {
      const verdict = machine.core.judgeLogIn(account, session, null, machine.wallMs)
      if (verdict.kind !== 'taken') throw new Violation('log-in', `${machine.name} refuses a new log-in`)
      this.#world.coverage.note('logged in')
      const client: Client = { account, session, clock: verdict.clock, at: machine, life: machine.life, isOver: false }
      this.#clients.push(client)
      this.#took(client)
    })
  }

  /** Its server is gone: it goes on with its session at another one. */
  #goOnSoon(client: Client): void {
    this.#world.timeline.after(this.#random.waitMs(goOnMs), () => {
      const machine = this.#random.pick(this.#world.up())
      if (this.#isOver || client.isOver || isConnected(client) || machine === undefined) return
      machine.whenIdle(() => {
        const { account, session, clock } = client
        // It may have gone on elsewhere while this server was busy.
        if (client.isOver || isConnected(client) || machine.core.state.accounts.get(account) === undefined) return
        const verdict = machine.core.judgeLogIn(account, session, clock, machine.wallMs)
        this.#world.coverage.note(verdict.kind === 'taken' ? 'session carried on' : 'session superseded')
        client.isOver = verdict.kind !== 'taken'
        if (verdict.kind !== 'taken') return
        client.clock = verdict.clock
        client.at = machine
        client.life = machine.life
        this.#took(client)
      })
    })
  }

  #took({ account, session, clock, at }: Client): void {
    this.#taken.set(account, [...(this.#taken.get(account) ?? []), { session, clock }])
    this.#tell(at)
  }

  #tell(machine: Machine): void {
    const here = this.#clients.filter((client) => client.at === machine && isConnected(client))
    const sessions = here.map(({ account, session, clock }) => ({ account, session, clock, machine: machine.name }))
    machine.enqueue({ kind: 'sessions', sessions })
  }
}

const isConnected = ({ at, life, isOver }: Client): boolean => !isOver && at.isUp && at.life === life

const isLater = (one: Pick<Client, 'clock' | 'session'>, two: Pick<Client, 'clock' | 'session'>): boolean =>
  one.clock > two.clock || (one.clock === two.clock && one.session > two.session)
