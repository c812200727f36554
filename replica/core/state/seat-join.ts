import type { StateImage } from '../model/image.ts'
import type { SeatTable } from './seat-table.ts'

/** Takes in what another state knows of the group, its machines and its invites. */
export const joinSeats = (seats: SeatTable, image: StateImage): void => {
  if (image.group !== null) seats.setGroup(image.group)
  for (const claim of image.claims) seats.addClaim(claim)
  for (const named of image.machineNames) seats.nameMachine(named)
  for (const { origin, proof } of image.retired) seats.retire(origin, proof)
  for (const voucher of image.vouchers) seats.vouch(voucher)
  for (const { invite, expiresAtMs, admitted, revoked } of image.invites) {
    seats.addInvite(invite, expiresAtMs)
    if (revoked) seats.revoke(invite)
    for (const { peer, server } of admitted) seats.admit(invite, peer, server)
  }
  for (const { invite, by } of image.inviters) seats.noteInviter(invite, by)
  for (const { invite, peer, machine } of image.clients) seats.admitClient(invite, peer, machine)
}
