import { serverId } from '../../replica/core/model/ids.ts'
import type { Install } from '../../replica/host/install.ts'
import { newKeys } from '../../replica/new-install.ts'
import { originOf, peerIdOf } from '../../replica/wire/keys.ts'
import { groupId } from '../property/arbitraries.ts'

/** The first of a group. */
export const newInstall = (): Install => {
  const keys = newKeys()
  const peer = peerIdOf(keys.publicKey)
  const server = serverId(1)
  return {
    ...keys,
    groupId,
    groupKey: new Uint8Array(32),
    keyMadeAt: 0,
    isKeyHeldBack: false,
    formerKeys: [],
    groupName: 'the group',
    server,
    peer,
    origin: originOf(server, peer),
    machine: 'a machine',
    isRetired: false,
    admission: null,
    vouchers: [],
    inviteAddresses: [],
  }
}
