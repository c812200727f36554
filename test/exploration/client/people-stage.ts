import type { MailClient } from '../../../replica/client/contract/mail-client.ts'
import type { Random } from '../../simulation/random.ts'
import { Device, type DeviceParts } from './device.ts'
import type { Lan } from './lan.ts'
import { isOpenQuestion, type Ledger, type LetterRecord, type Register } from './ledger.ts'
import { Person, type Outcome } from './person.ts'
import type { VirtualTime } from './virtual-time.ts'

export const lookAgainMs = 300

export interface StageParts extends DeviceParts {
  readonly time: VirtualTime
  readonly ledger: Ledger
  readonly random: Random
  readonly lan: Lan
  /** What somebody's window would show that looks now. */
  readonly look: (person: Person) => Promise<string | null>
}

/** The people of a scenario, by their names, and the network between their machines. */
export class PeopleStage {
  readonly people = new Map<string, Person>()
  readonly ledger: Ledger
  readonly parts: StageParts
  /** Whose machines were left. */
  readonly former: Person[] = []
  isOver = false

  constructor(parts: StageParts) {
    this.parts = parts
    this.ledger = parts.ledger
  }

  stop(): void {
    this.isOver = true
  }

  /** So long after the beginning. */
  at(atMs: number, task: () => void): void {
    this.parts.time.after(atMs, () => {
      if (!this.isOver) task()
    })
  }

  person(name: string): Person {
    const person = this.people.get(name)
    if (person === undefined) throw new Error(`nobody is called ${name}`)
    return person
  }

  /** Somebody with a device of their own, whose server is that of this seat. */
  enter(name: string, seat: number): Person {
    const person = this.another(name, `${name}'s machine`, seat)
    this.people.set(name, person)
    return person
  }

  /** The same person at another device. */
  another(name: string, machine: string, seat: number): Person {
    const { time, ledger, servers } = this.parts
    const home = servers[seat - 1]?.server
    if (home === undefined) throw new Error(`there is no server ${seat}`)
    const sent = (outbox: string): void => {
      for (const letter of ledger.letters.values())
        if (letter.outbox === outbox) this.sent(letter, 'it was told to have left')
    }
    return new Person(name, new Device(machine, home, this.parts), { time, ledger, sent, look: this.parts.look })
  }

  /**
   * From now on the person is at another machine, or back at one; what ran at the one before runs on there, and nobody looks at it. `named`:
   * what is told apart by it.
   */
  moveTo(name: string, named: string, seat: number): void {
    const former = this.person(name)
    former.isAway = true
    const known = this.former.find((one) => one.name === name && one.device.machine === named)
    const next = known ?? this.another(name, named, seat)
    next.isAway = false
    this.former.splice(0, this.former.length, ...this.former.filter((one) => one !== next), former)
    this.people.set(name, next)
    next.comeIn()
  }

  /** As often as it takes. */
  signUp(name: string, seat: number): void {
    const person = this.enter(name, seat)
    person.isAway = true
    person.start()
    let isThere = false
    const tryIt = (): void => {
      if (isThere) return
      if (person.device.client !== null && person.calls.size === 0)
        void this.#signUp(person).then((is) => {
          isThere = is
        })
      this.later(tryIt)
    }
    this.later(tryIt)
  }

  async #signUp(person: Person): Promise<boolean> {
    const { name } = person
    const [password = ''] = person.passwords
    const outcome = await person.ask('sign up', (client) => client.signUp({ name, password }))
    person.tellSession()
    // It may have been done, and the answer lost: then there is the account, and its person logs in.
    const isThere = outcome.kind === 'done' || outcome.code === 'NAME_TAKEN'
    if (isThere) person.isAway = false
    if (outcome.kind === 'done') person.keep()
    return isThere
  }

  changePassword(name: string, newPassword: string): void {
    this.soon(name, async (person) => {
      await changePasswordAt(person, this.ledger, newPassword)
    })
  }

  /** The program is ended in order, and started again. */
  restart(name: string): void {
    this.soon(name, async (person) => {
      await person.ask('close', (client) => client.close())
      person.kill()
      this.later(() => person.comeIn())
    })
  }

  logOut(name: string): void {
    this.soon(name, async (person) => {
      await person.ask('log out', (client) => client.logOut())
      person.tellSession()
      person.keep()
    })
  }

  /** With a new phrase; the one of the sign-up is known to nobody here. */
  resetPassword(name: string, newPassword: string): void {
    this.soon(name, async (person) => {
      const [password = ''] = person.passwords.toReversed()
      const phrase = await person.ask('renew the phrase', (client) => client.renewRecoveryPhrase({ password }))
      if (phrase.kind === 'refused') return
      const { recoveryPhrase } = phrase.value
      const changing = this.ledger.register(`${name}'s password`, password).begin(newPassword)
      const outcome = await person.ask('reset the password', (client) =>
        client.resetPassword({ name, recoveryPhrase, newPassword }),
      )
      person.tellSession()
      if (outcome.kind === 'done') person.keep()
      settle(changing, outcome)
    })
  }

  /** Nothing passes between the servers. */
  part(): void {
    this.parts.lan.part()
  }

  meet(): void {
    this.parts.lan.meet()
  }

  /** Nothing passes between somebody's machine and this server for so long. */
  hang(name: string, seat: number, forMs: number): void {
    const server = this.parts.servers[seat - 1]
    if (server !== undefined) this.person(name).device.hang(server, forMs)
  }

  /** As soon as the person is logged in. */
  soon(name: string, task: (person: Person, client: MailClient) => Promise<void>): void {
    if (this.isOver) return
    const person = this.person(name)
    person.soon((client) => {
      if (!this.isOver) void task(person, client)
    })
  }

  later(task: () => void): void {
    this.parts.time.after(lookAgainMs, task)
  }

  sent(letter: LetterRecord, how: string): void {
    letter.sentMs = Math.min(letter.sentMs, this.parts.time.nowMs)
    if (letter.told === 'undone') this.ledger.violations.push(`sent though it was taken back: ${letter.words}`)
    this.ledger.told(letter, 'sent', how)
  }
}

export const changePasswordAt = async (person: Person, ledger: Ledger, newPassword: string): Promise<void> => {
  const [password] = person.passwords.toReversed()
  if (password === undefined || password === newPassword) return
  const register = ledger.register(`${person.name}'s password`, password)
  const changing = register.begin(newPassword)
  settle(
    changing,
    await person.ask('change the password', (client) => client.changePassword({ password, newPassword })),
  )
}

export const settle = (change: ReturnType<Register<string>['begin']>, outcome: Outcome<unknown>): void => {
  if (outcome.kind === 'done') change.done()
  else if (!isOpenQuestion(outcome.code)) change.refused()
}
