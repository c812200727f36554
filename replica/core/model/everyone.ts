import { foldName } from './fold-name.ts'

/** Stands for all others' accounts where recipients are named, so nobody can be called so. */
const everyoneName = 'everyone'

/** Whether this stands for all others. */
export const isEveryone = (name: string): boolean => foldName(name) === everyoneName
