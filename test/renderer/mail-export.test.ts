import { describe, expect, it } from 'vitest'
import { toast } from 'vue-sonner'
import { useMailExport } from '../../renderer/settings/mail-export.ts'
import { fakeQuintet, fillMailbox } from './setup.ts'

interface Saved {
  readonly folders: readonly string[]
}

const written = (): readonly string[] =>
  fakeQuintet()
    .requestsOf('saveFile')
    .map((request) => (request as Saved).folders.at(-1) ?? '')

describe('writing all mails as files', () => {
  it('writes each mail of the three folders once, wherever pages end', async () => {
    const fake = fillMailbox(260)
    fake.add('host', { saveFile: () => ({ path: '/downloads/mail.eml' }) })
    const folders = (['inbox', 'sent', 'trash'] as const).map((folder) => [folder, fake.mailbox.folder(folder).length])
    const { start, done, total, isWriting } = useMailExport(() => 'Ånna/../b')
    await start()
    const counted = folders.map(([folder]) => [folder, written().filter((one) => one === folder).length])
    expect(counted).toEqual(folders)
    expect(done.value).toBe(260)
    expect(total.value).toBe(260)
    expect(isWriting.value).toBe(false)
    const [first] = fakeQuintet().requestsOf('saveFile') as readonly Saved[]
    expect(first?.folders[0]).toMatch(/^Quintet Ånna____b \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d$/)
  })

  it('passes over what cannot be opened, and ends where the disk is full', async () => {
    const fake = fillMailbox(20)
    fake.add('host', { saveFile: () => ({ path: '/downloads/mail.eml' }) })
    fake.failWith('exportMail', 'CANNOT_OPEN')
    const exporting = useMailExport(() => 'Anna')
    await exporting.start()
    expect(exporting.done.value).toBe(20)
    expect(written()).toEqual([])

    const full = fillMailbox(20)
    full.failWith('saveFile', 'DISK_FULL')
    await exporting.start()
    expect(written()).toHaveLength(1)
    expect(exporting.isWriting.value).toBe(false)
  })

  it('ends when it is stopped, and does not say that it is done', async () => {
    const fake = fillMailbox(20)
    const { start, stop } = useMailExport(() => 'Anna')
    fake.add('host', {
      saveFile: () => {
        stop()
        return { path: '/downloads/mail.eml' }
      },
    })
    await start()
    expect(written()).toHaveLength(1)
    expect(toast.getHistory().at(-1)).toMatchObject({ title: expect.stringMatching(/^Stopped: 1 of 20 mails/) })
  })
})
