import { expect, test, vi } from 'vitest'
import type { AppPhase, FirstRunDraft } from '../../electron/contract/app-host.ts'
import { ProgramHost, type ProgramHostOptions } from '../../electron/state/program-host.ts'

vi.mock('electron', () => ({ app: {}, clipboard: {}, dialog: {}, shell: {} }))

const joining: FirstRunDraft = {
  step: 'seat',
  groupName: '',
  machine: 'mess',
  invite: 'invite',
  server: null,
  joinsAs: 'server',
  account: null,
}

/** What is kept of the drafts that the page gives in this phase. */
const keptIn = async (phase: AppPhase['phase'], drafts: readonly (FirstRunDraft | null)[]) => {
  const kept: unknown[] = []
  const keepFirstRun = async (draft: FirstRunDraft | null) => void kept.push(draft)
  const host = new ProgramHost({
    mailbox: { phase: { phase } },
    settings: { keepFirstRun },
  } as unknown as ProgramHostOptions)
  for (const draft of drafts) await host.keepFirstRun({ draft })
  return kept
}

test('of the first run an account that is being made is kept once the machine has its group, and nothing of joining', async () => {
  const drafts = [joining, { ...joining, account: 'anna' }, null]
  for (const phase of ['empty', 'starting'] as const) expect(await keptIn(phase, drafts)).toEqual(drafts)
  for (const phase of ['signedOut', 'signedIn'] as const) expect(await keptIn(phase, drafts)).toEqual(drafts.slice(1))
})
