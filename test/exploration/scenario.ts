import type { Stage } from './stage.ts'

export interface Scenario {
  readonly seats: number
  readonly lastsMs: number
  readonly has: readonly ('keys' | 'log-ins')[]
  readonly play: (stage: Stage) => void
}

/** The group is founded, and these have come. */
const calmMs = 1_500

export const signUpAll = (stage: Stage, seats: number): void => {
  for (const [index, name] of ['ada', 'bob', 'cleo'].entries())
    stage.at(calmMs + 40 * index, () => stage.signUp(name, (index % seats) + 1))
}

/** So many mails that a snapshot is written, and the log is discarded. */
export const chatter = (stage: Stage, fromMs: number, count: number, seat: number): void => {
  for (let index = 0; index < count; index += 1)
    stage.at(fromMs + 30 * index, () => stage.mail(`chatter ${fromMs} ${index}`, 'ada', ['bob'], seat))
}

/** The chatter is deleted by both. */
export const hush = (stage: Stage, fromMs: number, count: number, seat: number, atMs: number): void => {
  for (let index = 0; index < count; index += 1)
    for (const name of ['ada', 'bob'])
      stage.at(atMs + 20 * index, () => stage.mark('deletion', `chatter ${fromMs} ${index}`, name, seat))
}
