import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { FirstRunDraft, InspectedInvite } from '../../electron/contract/app-host.ts'
import type { ErrorCode } from '../../replica/core/model/errors.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { showNote } from '../base/toasts.ts'
import { codeOf, host, onAppEvent } from '../bridge.ts'
import { useApp } from '../stores/app.ts'

export type FirstRunWork = 'none' | 'loading' | 'inspecting' | 'creating' | 'joining'

const beginning: FirstRunDraft = {
  step: 'choice',
  groupName: '',
  machine: '',
  invite: '',
  server: null,
  joinsAs: 'server',
  account: null,
}
/** The host asks members over and over while it inspects; typing is kept no oftener than this. */
const keepAfterMs = 400

/** How far the first run is. Kept by the host at every step, so that it goes on there after a restart. */
export const useFirstRun = defineStore('firstRun', () => {
  const app = useApp()
  const draft = shallowRef(beginning)
  const inspected = shallowRef<InspectedInvite | null>(null)
  const failure = ref<ErrorCode | null>(null)
  const work = ref<FirstRunWork>('loading')
  const isWorking = computed(() => work.value === 'creating' || work.value === 'joining')
  let keeping: ReturnType<typeof setTimeout> | undefined

  const keep = (): void => {
    clearTimeout(keeping)
    // What could not be kept is only typed again.
    host.keepFirstRun({ draft: draft.value }).catch(() => undefined)
  }

  const change = (changed: Partial<FirstRunDraft>): void => {
    draft.value = { ...draft.value, ...changed }
    clearTimeout(keeping)
    if (changed.step === undefined) keeping = setTimeout(keep, keepAfterMs)
    else keep()
  }

  const joinsAs = computed({
    get: () => draft.value.joinsAs,
    set: (chosen) => change({ joinsAs: chosen }),
  })

  const goTo = (step: FirstRunDraft['step']): void => {
    failure.value = null
    change({ step })
  }

  const attempt = async (what: FirstRunWork, done: () => Promise<void>): Promise<void> => {
    if (work.value !== 'none') return
    work.value = what
    failure.value = null
    try {
      await done()
    } catch (error) {
      failure.value = codeOf(error)
    } finally {
      work.value = 'none'
    }
  }

  /** Reads the invite and asks a member who has which seat; then the seat is chosen, unless the person has gone elsewhere meanwhile. */
  const inspect = (): Promise<void> =>
    attempt('inspecting', async () => {
      const { invite, step } = draft.value
      const shown = await host.inspectInvite({ invite })
      if (draft.value.invite === invite && draft.value.step === step) take(shown)
    })

  /** Shows which seats are taken, and goes on from one that is to the first that is not. */
  const take = (shown: InspectedInvite): void => {
    inspected.value = shown
    const free = shown.seats?.filter(({ machine }) => machine === null) ?? []
    const isFree = shown.seats === null || free.some(({ server }) => server === draft.value.server)
    change({ step: 'seat', server: isFree ? draft.value.server : (free[0]?.server ?? null) })
  }

  /** Somebody was quicker. Whatever the member that is asked now knows of it, the seat is taken. */
  const lookAgain = async (invite: string, refused: ServerId | null): Promise<void> => {
    const now = await host.inspectInvite({ invite }).catch(() => inspected.value)
    const shown = now?.seats === null ? inspected.value : now
    if (shown === null) return
    const seats = shown.seats?.map((seat) =>
      seat.server === refused ? { ...seat, machine: seat.machine ?? '' } : seat,
    )
    take({ ...shown, seats: seats ?? null })
  }

  /** Takes an invite as it was pasted, dropped or opened. Mailers break it into lines. */
  const takeInvite = (invite: string): Promise<void> => {
    inspected.value = null
    change({ step: 'invite', invite: invite.replaceAll(/\s+/gu, '') })
    return inspect()
  }

  /** The name of an account that was being made when the window was left; null when none was. */
  const loadAccount = async (): Promise<string | null> => {
    const account = (await host.firstRun())?.account ?? null
    draft.value = { ...beginning, account }
    return account
  }

  /** Keeps that an account by this name is being made; null: it is made, or not wanted any more. */
  const keepAccount = (account: string | null): void => {
    if (account === draft.value.account) return
    draft.value = { ...beginning, account }
    clearTimeout(keeping)
    if (account === null) host.keepFirstRun({ draft: null }).catch(() => undefined)
    else keeping = setTimeout(keep, keepAfterMs)
  }

  const load = async (): Promise<void> => {
    const [kept, { machine }] = await Promise.all([host.firstRun(), host.info()])
    draft.value = kept ?? { ...beginning, machine }
    work.value = 'none'
    if (draft.value.step === 'seat' && draft.value.invite !== '') await inspect()
  }

  const create = (server: ServerId): Promise<void> =>
    attempt('creating', () =>
      host.createGroup({ groupName: draft.value.groupName.trim(), machine: draft.value.machine.trim(), server }),
    )

  const join = (): Promise<void> =>
    attempt('joining', async () => {
      const { invite, server } = draft.value
      const machine = draft.value.machine.trim()
      try {
        if (joinsAs.value === 'client') await host.joinAsClient({ invite, machine })
        else await host.join({ invite, machine, server })
      } catch (error) {
        if (codeOf(error) === 'SEAT_TAKEN') await lookAgain(invite, server)
        throw error
      }
    })

  onAppEvent((event) => {
    if (event.event !== 'inviteOpened' || isWorking.value) return
    if (app.phase.phase !== 'empty') {
      showNote('firstRun.belongsAlready')
      return
    }
    work.value = 'none'
    void takeInvite(event.invite)
  })

  return {
    draft: computed(() => draft.value),
    inspected: computed(() => inspected.value),
    failure: computed(() => failure.value),
    work: computed(() => work.value),
    isWorking,
    joinsAs,
    load,
    change,
    goTo,
    takeInvite,
    inspect,
    create,
    join,
    loadAccount,
    keepAccount,
  }
})
