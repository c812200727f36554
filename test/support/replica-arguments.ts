import type { ReplicaArguments } from '../../replica/arguments.ts'

type Chosen = Pick<ReplicaArguments, 'data' | 'listen'> & Partial<ReplicaArguments>

/** A replica that finds others by its invite only, and writes no log. */
export const replicaArguments = (chosen: Chosen): ReplicaArguments => ({
  create: null,
  join: null,
  server: null,
  machine: 'here',
  mdns: 'off',
  syncIntervalMs: null,
  reset: 'no',
  consent: 'ask',
  format: 'json',
  logLevel: 'silent',
  ...chosen,
})
