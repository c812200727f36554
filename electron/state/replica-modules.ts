// What is loaded when the window is there already: see LocalMailbox.
export { connectClient } from '../../replica/connect-client.ts'
export { inspectInvite, joinAsClient } from '../../replica/join-as-client.ts'
export { keptGroup } from '../../replica/kept-group.ts'
export { checkOwnInvite } from '../../replica/open-install.ts'
export { everywhere, runReplica } from '../../replica/run-replica.ts'
