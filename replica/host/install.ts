import type { OriginId, PeerId, ServerId } from '../core/model/ids.ts'

/** What an install knows of itself and its group. Secret: it holds the group key and the install's private key. */
export interface Install {
  /** 16 bytes. */
  readonly groupId: Uint8Array
  /** 32 bytes: key of the private network. */
  readonly groupKey: Uint8Array
  /** When the key was made (hybrid clock); 0 as long as it is only known from an invite or the group's beginning. */
  readonly keyMadeAt: number
  /** It is not handed on yet; see `KeptGroupKey`. */
  readonly isKeyHeldBack: boolean
  /** Newest first: for members that were away when the key was changed. */
  readonly formerKeys: readonly Uint8Array[]
  readonly groupName: string
  readonly server: ServerId
  readonly origin: OriginId
  readonly peer: PeerId
  /** Raw Ed25519 public key, 32 bytes: the peer id's. */
  readonly publicKey: Uint8Array
  /** Raw Ed25519 seed, 32 bytes. */
  readonly privateKey: Uint8Array
  readonly machine: string
  /** The others have retired it: it can only join again with an invite. */
  readonly isRetired: boolean
  /** The batch that admitted this install, or its own first one that names its predecessor; null for the group's first. */
  readonly admission: Uint8Array | null
  /** The admissions of the member that admitted it, of that one's, and so on: for those who met none of them. */
  readonly vouchers: readonly Uint8Array[]
  /** Members' addresses from the invite, for the first connection; or from one that was given later, when they had moved. */
  readonly inviteAddresses: readonly string[]
}
