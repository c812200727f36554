import { defineStore } from 'pinia'
import { shallowRef, triggerRef } from 'vue'
import type { ServerId, UpdateId } from '../../replica/core/model/ids.ts'
import { gathering } from '../base/gathering.ts'
import { client, onClientEvent } from '../bridge.ts'

/** Asked for in one request. */
const mailsPerRequest = 100
const gatheringMs = 80

/** Which servers hold the mails that are on the screen; asked again whenever replicas learn more of each other. */
export const useSafety = defineStore('safety', () => {
  const holders = shallowRef(new Map<UpdateId, readonly ServerId[]>())
  /** How many marks on the screen show a mail. */
  const watched = new Map<UpdateId, number>()
  const wanted = new Set<UpdateId>()

  const ask = async (): Promise<void> => {
    const mails = [...wanted]
    wanted.clear()
    for (let start = 0; start < mails.length; start += mailsPerRequest) {
      const { safeties } = await client.safeties({ mails: mails.slice(start, start + mailsPerRequest) })
      for (const { mail, servers } of safeties) holders.value.set(mail, servers)
      triggerRef(holders)
    }
  }
  // A mark that cannot be had now stays as it is until replicas learn more.
  const askSoon = gathering(() => void ask().catch(() => undefined), gatheringMs)

  const want = (mail: UpdateId): void => {
    wanted.add(mail)
    askSoon()
  }

  onClientEvent((event) => {
    if (event.event === 'knowledge' || event.event === 'connected') for (const mail of watched.keys()) want(mail)
  })

  /** Returns the function that ends it. */
  const watch = (mail: UpdateId): (() => void) => {
    watched.set(mail, (watched.get(mail) ?? 0) + 1)
    want(mail)
    return () => {
      const left = (watched.get(mail) ?? 1) - 1
      if (left > 0) watched.set(mail, left)
      else {
        watched.delete(mail)
        holders.value.delete(mail)
      }
    }
  }

  /** Undefined until it is known. */
  const holdersOf = (mail: UpdateId): readonly ServerId[] | undefined => holders.value.get(mail)

  return { watch, holdersOf }
})
