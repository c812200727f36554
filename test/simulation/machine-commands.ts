import type { Command, CommandAnswer } from '../../replica/core/effects.ts'
import type { Result } from '../../replica/core/model/errors.ts'

/** Given the answer of a command; null when the machine went down before it answered. */
export type OnAnswer = (result: Result<CommandAnswer> | null) => void

/** The first command of an install: it founds the group or takes its seat. */
export type FirstCommand = Extract<Command, { kind: 'found' | 'claim' }>
