import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { hkdfSync } from 'node:crypto'

import { QuintetError } from '../core/model/errors.ts'
import { utf8 } from '../wire/bytes.ts'
import type { RandomBytes } from './client-ports.ts'

const entropyBytes = 16
const words = 12
const mostChars = 1_000
const label = utf8('quintet/1/recovery-phrase')

/** Twelve words (BIP-39, English) of 128 random bits. */
export const newRecoveryPhrase = (random: RandomBytes): string => entropyToMnemonic(random(entropyBytes), wordlist)

/** `length` bytes from a phrase: its 128 random bits need no stretching (HKDF, RFC 5869). WRONG_PHRASE when it is none. */
export const bytesFromPhrase = (phrase: string, salt: Uint8Array, length: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', entropyOf(phrase), salt, label, length))

const entropyOf = (phrase: string): Uint8Array => {
  const typed = phrase
    .slice(0, mostChars)
    .normalize('NFKD')
    .trim()
    .toLowerCase()
    .split(/[\s,]+/u)
  try {
    if (typed.length !== words) throw new Error('not twelve words')
    return mnemonicToEntropy(typed.join(' '), wordlist)
  } catch {
    throw new QuintetError(
      'WRONG_PHRASE',
      `A recovery phrase has ${words} words of its own list; a word is missing or mistyped.`,
    )
  }
}
