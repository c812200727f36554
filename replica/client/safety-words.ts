import { createHash } from 'node:crypto'

import { wordlist } from '@scure/bip39/wordlists/english.js'

import type { AccountId } from '../core/model/ids.ts'
import { fromBase64Url, utf8 } from '../wire/bytes.ts'

const label = utf8('quintet/1/safety-words')
/** 88 bits: nobody can make so many accounts as it takes to find one with the same words as a given one. */
const words = 8
const bitsPerWord = 11

/** Eight words (of BIP-39's English list) that stand for an account: two people who read out the same ones mean the same account. */
export const safetyWords = (groupId: Uint8Array, account: AccountId): string => {
  const digest = createHash('sha256').update(label).update(groupId).update(fromBase64Url(account)).digest('hex')
  const bits = BigInt(`0x${digest}`)
  const length = BigInt(digest.length * 4)
  return Array.from({ length: words }, (_, index) => {
    const shift = length - BigInt((index + 1) * bitsPerWord)
    return wordlist[Number((bits >> shift) & BigInt(2 ** bitsPerWord - 1))] ?? ''
  }).join(' ')
}
