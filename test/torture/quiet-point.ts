import { MailProcess, RequestFailure } from '../../build/cluster/mail-process.ts'
import type { Random } from '../simulation/random.ts'
import { audit } from './audit.ts'
import type { Fleet } from './fleet.ts'
import type { Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import type { Machine } from './machine.ts'
import type { Person } from './person.ts'
import { sleep, withinMs } from './system.ts'
import type { Workload } from './workload.ts'

const answeredWithinMs = 60_000
const agreedWithinMs = 120_000
const outboxWithinMs = 60_000
const auditWithinMs = 120_000
const logInTries = 10
const pauseMs = 500

export interface QuietPointOptions {
  readonly round: number
  readonly opens: 'all' | 'new'
  readonly fleet: Fleet
  readonly people: readonly Person[]
  readonly ledger: Ledger
  readonly journal: Journal
  readonly workload: Workload
  readonly random: Random
}

/** Everything is healed: what was promised must be so now. What is wrong, in sentences. */
export const quietPoint = async (options: QuietPointOptions): Promise<readonly string[]> => {
  const { round, fleet, people, ledger, journal, workload, random, opens } = options
  if ((await workload.hold(answeredWithinMs)) === 'busy') {
    const waiting = people.filter(({ pending }) => pending > 0).map(({ name, pending }) => `${name} for ${pending}`)
    return [`requests are not answered within ${answeredWithinMs / 1_000} s of the healing: ${waiting.join(', ')} `]
  }
  journal.note('everything is healed, and all is answered')
  const before = await fleet.agree(agreedWithinMs)
  if ('differs' in before) return [`not agreed within ${agreedWithinMs / 1_000} s:\n${before.differs}`]
  const wrong: string[] = []
  await Promise.all(people.map((person) => person.endLeftClients()))
  const present = await presentPeople(options, wrong)
  // Logging in and outboxes bring updates of their own.
  journal.note('all are logged in, and their outboxes are empty')
  const after = await fleet.agree(agreedWithinMs)
  if ('differs' in after) return [...wrong, `not agreed within ${agreedWithinMs / 1_000} s:\n${after.differs}`]
  for (const person of present) {
    const machine = random.pick(fleet.machines) ?? person.machine
    const sentences = await withinMs(auditAt(person, machine, ledger, opens), auditWithinMs)
    wrong.push(...(sentences ?? [`${person.name}: the mailbox could not be read within ${auditWithinMs / 1_000} s`]))
    if (opens === 'all') wrong.push(...(await auditElsewhere(person, fleet, machine, ledger)))
    wrong.push(...(await checkPasswords(person, machine)))
    wrong.push(...person.takeCrashes())
  }
  const promised = `${ledger.acknowledgedMails} mails and ${ledger.posts.size} posts acknowledged so far`
  journal.say(
    `quiet point ${round}: all five agree after ${before.tookMs} ms; ${present.length} people look: ${promised}`,
  )
  return wrong
}

/** Logged in, and nothing waits in their outboxes. */
const presentPeople = async (options: QuietPointOptions, wrong: string[]): Promise<readonly Person[]> => {
  const { people, fleet, random } = options
  const present: Person[] = []
  for (const person of people) {
    const machine = random.pick(fleet.machines) ?? person.machine
    if (person.state === 'signing up') person.state = await signedUp(person.name, machine)
    if (person.state === 'absent') continue
    present.push(person)
    const failure = await logInAtLast(person, machine)
    if (failure === null) wrong.push(...(await emptyOutbox(person)))
    else wrong.push(`${person.name} cannot log in at server ${machine.server}: ${failure}`)
  }
  return present
}

/** What came of a sign-up that nobody answered. */
const signedUp = async (name: string, machine: Machine): Promise<'there' | 'absent'> => {
  const { accounts } = await machine.operator.ask('accounts', { like: name })
  return accounts.some((account) => account.name === name) ? 'there' : 'absent'
}

const logInAtLast = async (person: Person, machine: Machine): Promise<string | null> => {
  if (person.client !== null && (await isLoggedIn(person.client))) return null
  let failure: string | null = null
  for (let tries = 0; tries < logInTries; tries += 1) {
    failure = await person.logIn(machine, 'killed')
    if (failure === null) return null
    await sleep(pauseMs)
  }
  return failure
}

const isLoggedIn = (client: MailProcess): Promise<boolean> =>
  client.ask('counts').then(
    () => true,
    () => false,
  )

/** When all are there and all names are known, everything leaves. */
const emptyOutbox = async (person: Person): Promise<readonly string[]> => {
  for (const deadline = performance.now() + outboxWithinMs; ;) {
    const came = await person.ask('outbox')
    if (came.kind === 'answered' && came.answer.entries.length === 0) return []
    if (performance.now() > deadline) {
      const what =
        came.kind === 'answered'
          ? JSON.stringify(came.answer.entries.map(({ subject, reason, to }) => ({ subject, reason, to })))
          : came.kind
      return [`${person.name}: the outbox is not empty after ${outboxWithinMs / 1_000} s: ${what}`]
    }
    await sleep(pauseMs)
  }
}

/** At a server that may be another than where the mails were written. */
const auditAt = async (
  person: Person,
  machine: Machine,
  ledger: Ledger,
  opens: 'all' | 'new',
): Promise<readonly string[]> => {
  const { client } = person
  if (client === null) return [`${person.name} has no client`]
  try {
    await client.ask('connect', { server: machine.server })
    const wrong = await audit({ person: person.name, client, ledger, opens })
    return wrong.map((sentence) => `${sentence} (seen at server ${machine.server})`)
  } catch (error) {
    return [`${person.name} at server ${machine.server}: ${error instanceof Error ? error.message : String(error)}`]
  }
}

/** Headers, drafts and posts at all the others. */
const auditElsewhere = async (
  person: Person,
  fleet: Fleet,
  done: Machine,
  ledger: Ledger,
): Promise<readonly string[]> => {
  const wrong: string[] = []
  for (const machine of fleet.machines.filter((other) => other !== done))
    wrong.push(...(await auditAt(person, machine, ledger, 'new')))
  return wrong
}

/** The one that stands opens the account, and none that it has replaced does. */
const checkPasswords = async (person: Person, machine: Machine): Promise<readonly string[]> => {
  if (!person.password.hasChanged) return []
  const { allowed, all } = person.password
  const standing: string[] = []
  for (const password of all) if (await opens(person.name, password, machine)) standing.push(password)
  const [only] = standing
  if (only === undefined || standing.length > 1 || !allowed.includes(only))
    return [
      `${person.name}: of the passwords ${all.join(', ')} these open the account: ${standing.join(', ')}; one of ${allowed.join(', ')} should`,
    ]
  person.password.settle(only)
  // The trial took the session over.
  const failure = await person.logIn(machine, 'killed')
  return failure === null ? [] : [`${person.name} cannot log in again: ${failure}`]
}

const opens = async (name: string, password: string, machine: Machine): Promise<boolean> => {
  const client = machine.client()
  try {
    await client.ask('logIn', { name, password })
    return true
  } catch (error) {
    if (error instanceof RequestFailure && error.code === 'WRONG_PASSWORD') return false
    throw error
  } finally {
    await client.close()
  }
}
