import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { showNote } from '../base/toasts.ts'
import { client, onClientEvent } from '../bridge.ts'

/** Whether the recovery phrase is written down, as far as it is known. */
export type RecoveryState = 'unknown' | 'noted' | 'open'

/**
 * What of an account outlives the page that it was begun on: the recovery phrase, which is shown once and only kept in
 * memory, and why the session is over: who took it, or the name of an account that was deleted.
 */
export const useAccount = defineStore('account', () => {
  const phrase = ref<string | null>(null)
  const isSigningUp = ref(false)
  const isPhraseShown = ref(false)
  const recovery = ref<RecoveryState>('unknown')
  const takenOverBy = shallowRef<{ readonly server: ServerId; readonly machine: string } | null>(null)
  const deletedName = ref<string | null>(null)

  onClientEvent((event) => {
    if (event.event === 'takenOver') takenOverBy.value = { server: event.server, machine: event.machine }
    if (event.event === 'renamed') showNote(event.again ? 'shell.renamedAgain' : 'shell.renamed', { name: event.name })
    if (event.event === 'accountDeleted') deletedName.value = event.name
  })

  const begin = (): void => {
    takenOverBy.value = null
    deletedName.value = null
    recovery.value = 'unknown'
  }

  /** Whoever comes next may be somebody else. */
  const forgetPhrase = (): void => {
    phrase.value = null
    isPhraseShown.value = false
  }

  const show = (shown: string): void => {
    // A server of an older version makes none.
    if (shown === '') return
    phrase.value = shown
    recovery.value = 'open'
    isPhraseShown.value = true
  }

  /** The window becomes the mailbox when this is done; the phrase is shown before. */
  const signUp = async (name: string, password: string): Promise<void> => {
    isSigningUp.value = true
    forgetPhrase()
    try {
      begin()
      show((await client.signUp({ name, password })).recoveryPhrase)
    } finally {
      isSigningUp.value = false
    }
  }

  const logIn = async (name: string, password: string): Promise<void> => {
    forgetPhrase()
    await client.logIn({ name, password })
    begin()
  }

  const reset = async (name: string, recoveryPhrase: string, newPassword: string): Promise<void> => {
    forgetPhrase()
    await client.resetPassword({ name, recoveryPhrase, newPassword })
    begin()
    // Whoever has just typed it has it. Otherwise the window reminds of it, which can be answered then.
    await note().catch(() => undefined)
  }

  const renewPhrase = async (password: string): Promise<void> => {
    show((await client.renewRecoveryPhrase({ password })).recoveryPhrase)
  }

  /** Asks whether the phrase is noted; does not remind when that cannot be known. */
  const check = async (): Promise<void> => {
    try {
      recovery.value = (await client.recoveryNoted()).noted ? 'noted' : 'open'
    } catch {
      recovery.value = 'unknown'
    }
  }

  const note = async (): Promise<void> => {
    await client.noteRecovery()
    recovery.value = 'noted'
    forgetPhrase()
  }

  return {
    phrase: computed(() => phrase.value),
    isSigningUp: computed(() => isSigningUp.value),
    isPhraseShown,
    recovery: computed(() => recovery.value),
    takenOverBy: computed(() => takenOverBy.value),
    deletedName: computed(() => deletedName.value),
    signUp,
    logIn,
    reset,
    renewPhrase,
    check,
    note,
  }
})
