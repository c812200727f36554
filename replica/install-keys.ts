import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'

/** An install's Ed25519 key, raw halves of 32 bytes. */
export interface InstallKeys {
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
}

export const newKeys = (): InstallKeys => {
  const seed = Buffer.from(String(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }).d), 'base64url')
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const publicKey = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }))
  return { publicKey: Buffer.from(String(publicKey.export({ format: 'jwk' }).x), 'base64url'), privateKey: seed }
}
