import type { Clock, CommandId } from '../model/ids.ts'
import type { CommandRecord } from '../model/image.ts'

/** A client gives up on a command long before this; later repetitions would be executed again. */
const keptMicros = 3_600_000_000
const keptCommands = 20_000

/** Commands that were carried out lately, so that a repeated one gets its first answer. */
export class CommandTable {
  readonly #commands = new Map<CommandId, CommandRecord>()
  #newest: Clock = 0

  get(command: CommandId): CommandRecord | undefined {
    return this.#commands.get(command)
  }

  add(record: CommandRecord): void {
    if (this.#commands.has(record.command)) return
    this.#commands.set(record.command, record)
    this.#newest = Math.max(this.#newest, record.clock)
    if (this.#commands.size > keptCommands) this.#forget()
  }

  records(): readonly CommandRecord[] {
    return [...this.#commands.values()]
  }

  /** Drops the old ones and, when that is not enough, the first half. */
  #forget(): void {
    const floor = this.#newest - keptMicros
    const kept = this.records().filter((record) => record.clock >= floor)
    const bounded = kept.length > keptCommands ? kept.slice(-keptCommands / 2) : kept
    this.#commands.clear()
    for (const record of bounded) this.#commands.set(record.command, record)
  }
}
