import type { Clock, UpdateId } from '../core/model/ids.ts'
import { commandId, splitUpdateId, updateId } from '../core/model/ids.ts'
import type { CommandRecord, ExecutionRecord } from '../core/model/image.ts'
import type { VersionVector } from '../core/model/messages.ts'
import { fullCommandsFormat } from './image-format.ts'
import { damaged, type ItemReader } from './image-items.ts'
import type { ImagePlaces, ImageTables } from './image-mailbox.ts'
import { notBeyond } from './image-social.ts'

// Most executions have one name, which is that of a command that is remembered, too: they say which, as the difference of its place from
// that of the command that the row before meant. Commands tell how much their clock is above that of the row before.

const commandPattern = /^[\w-]{16}$/
const recipientsPattern = /^[0-9a-f]{16}$/

type Item = number | string
type MailName = ExecutionRecord['names'][number]

/** Writes the rows of one image: all commands, then all executions. */
export class CommandRows {
  readonly #places: ImagePlaces
  /** By the update that answers it; of several that one update answers, the last. */
  readonly #commands = new Map<UpdateId, { readonly record: CommandRecord; readonly place: number }>()
  #written = 0
  #clock: Clock = 0
  #place = 0

  constructor(places: ImagePlaces) {
    this.#places = places
  }

  /** Command, origin and sequence of its update, how much its clock is above that of the one before. */
  ofCommand(record: CommandRecord): readonly Item[] {
    const { command, update, clock } = record
    const { origin, sequence } = splitUpdateId(update)
    const difference = clock - this.#clock
    this.#clock = clock
    this.#commands.set(update, { record, place: this.#written })
    this.#written += 1
    return [command, this.#places.origin(origin), sequence, difference]
  }

  /** Account, then the place of its command and recipients, or command, recipients, how many names, and of each origin, sequence and clock. */
  ofExecution(execution: ExecutionRecord): readonly Item[] {
    const { account, command, recipients, names } = execution
    const place = this.#placeOf(execution)
    if (place === null) {
      const ofNames = names.flatMap(({ origin, sequence, clock }) => [this.#places.origin(origin), sequence, clock])
      return [this.#places.person(account), command, recipients, names.length, ...ofNames]
    }
    const difference = place - this.#place
    this.#place = place
    return [this.#places.person(account), difference, recipients]
  }

  #placeOf({ command, names }: ExecutionRecord): number | null {
    const [name] = names
    if (name === undefined || names.length > 1) return null
    const known = this.#commands.get(updateId(name.origin, name.sequence))
    const isSame = known?.record.command === command && known.record.clock === name.clock
    return isSame ? known.place : null
  }
}

/** The way back, also from formats that write all of it out. */
export class CommandsReader {
  readonly commands: CommandRecord[] = []
  readonly executions: ExecutionRecord[] = []
  #clock: Clock = 0
  #place = 0

  readCommand(items: ItemReader, { format, origins }: ImageTables): void {
    const command = commandId(items.match(commandPattern))
    const update = updateId(items.pick(origins), items.positive())
    const clock = format <= fullCommandsFormat ? items.number() : this.#clock + items.difference()
    if (!Number.isSafeInteger(clock) || clock < 0) damaged('a clock is wrong')
    this.#clock = clock
    this.commands.push({ command, update, clock })
  }

  /** A name beyond `vector` is damage: nobody could know it. */
  readExecution(items: ItemReader, tables: ImageTables, vector: VersionVector): void {
    const execution = this.#readExecution(items, tables)
    for (const name of execution.names) notBeyond(name, vector)
    this.executions.push(execution)
  }

  #readExecution(items: ItemReader, { origins, people }: ImageTables): ExecutionRecord {
    const account = items.pick(people)
    const meant = items.next()
    if (typeof meant === 'number') {
      this.#place += meant
      const { command, update, clock } = this.commands[this.#place] ?? damaged('a place is not in its table')
      const name = { ...splitUpdateId(update), clock }
      return { account, command, recipients: items.match(recipientsPattern), names: [name] }
    }
    const command =
      typeof meant === 'string' && commandPattern.test(meant)
        ? commandId(meant)
        : damaged('a command has the wrong form')
    const recipients = items.match(recipientsPattern)
    const names: MailName[] = []
    for (let rest = items.number(); rest > 0; rest -= 1)
      names.push({ origin: items.pick(origins), sequence: items.positive(), clock: items.number() })
    if (names.length === 0) damaged('a command without a name')
    return { account, command, recipients, names }
  }
}
