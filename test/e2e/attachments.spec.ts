import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { type AppWindow, expect, quintetOfFile, test } from './harness.ts'
import { Person } from './person.ts'

const quintet = quintetOfFile()
let group: ReplicaGroup
let window: AppWindow
let home: string
let downloads: string
let ben: MailProcess
let anna: Person

const base64 = (text: string): string => Buffer.from(text).toString('base64')

test('files that are chosen, dropped or too large are attached, or said not to be', async () => {
  home = await quintet.directory()
  downloads = path.join(home, 'Downloads')
  group = await quintet.group([1, 2])
  ben = await group.person('ben', 2)
  await group.settled()
  await group.replica(1).stop()
  window = await quintet.open({ data: group.dataOf(1), environment: { HOME: home } })
  anna = new Person(window.page)
  await window.signUp('anna')
  await window.call('host', 'changeSettings', { settings: { undoSendSeconds: 0 } })
  await group.settled()

  const plan = path.join(home, 'plan.pdf')
  await writeFile(plan, 'the plan')
  await writeFile(path.join(home, 'film.mp4'), new Uint8Array(1_200_000))
  const { page } = window
  const letter = await anna.write({ to: 'ben', subject: 'Files', body: 'See what is attached.' })
  const chosen = page.waitForEvent('filechooser')
  await letter.getByRole('button', { name: 'Attach files' }).click()
  await (await chosen).setFiles([plan, path.join(home, 'film.mp4')])
  await expect(page.getByText('film.mp4 does not fit: a mail has room for 1 MB, with what is attached.')).toBeVisible()
  const files = letter.getByRole('list', { name: 'Attached files' })
  await expect(files.getByRole('listitem')).toHaveText([/plan\.pdf\s*8 bytes/])

  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    data.items.add(new File(['a note'], 'note.txt', { type: 'text/plain' }))
    return data
  })
  await letter.dispatchEvent('drop', { dataTransfer: dropped })
  await expect(files.getByRole('listitem')).toHaveCount(2)
  await files.getByRole('button', { name: 'Remove note.txt' }).click()
  await expect(files.getByRole('listitem')).toHaveCount(1)
})

test('a photograph that is too large is made smaller, and is a picture still', async () => {
  const { page } = window
  const letter = page.getByRole('dialog', { name: 'Files' })
  const photo = { name: 'engine room.png', mimeType: 'image/png', buffer: noisyPicture(900, 700) }
  expect(photo.buffer.length).toBeGreaterThan(1_048_576)
  await letter.locator('input[type=file]').setInputFiles(photo)
  const files = letter.getByRole('list', { name: 'Attached files' })
  await expect(files.getByRole('listitem').filter({ hasText: 'engine room.jpg' })).toBeVisible()
})

test('what is attached stays with a draft, and arrives whole', async () => {
  const { page } = window
  const letter = page.getByRole('dialog', { name: 'Files' })
  await letter.getByRole('button', { name: 'Save and close' }).click()
  await anna.openFolder('Drafts')
  await page.getByRole('button', { name: /To ben.*Files/s }).click()
  await expect(letter.getByRole('list', { name: 'Attached files' }).getByRole('listitem')).toHaveCount(2)
  await letter.getByRole('button', { name: 'Send' }).click()
  const { mail } = await ben.event('mail', ({ subject }) => subject === 'Files')
  expect(await ben.ask('read', { mail })).toMatchObject({
    attachments: [{ name: 'plan.pdf' }, { name: 'engine room.jpg' }],
  })
  expect(await ben.ask('attachment', { mail, number: 1 })).toMatchObject({ content: base64('the plan') })
  const { content } = await ben.ask('attachment', { mail, number: 2 })
  expect(Buffer.from(content, 'base64').subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]))
})

test('an attached file is saved beside what has its name, wherever its sender wanted it', async () => {
  const { page } = window
  await mkdir(downloads)
  await writeFile(path.join(downloads, 'authorized_keys'), 'untouched')
  const { attachment } = await ben.ask('attach', { name: '../../.ssh/authorized_keys', content: base64('ssh-rsa') })
  await ben.ask('send', { to: ['anna'], subject: 'Keys', body: '', attachments: [attachment] })
  await anna.openFolder('Inbox')
  await expect(anna.row('Keys')).toContainText('one file attached')
  await anna.row('Keys').click()
  await page.getByRole('button', { name: 'Save authorized_keys 7 bytes' }).click()
  const saved = path.join(downloads, 'authorized_keys (2)')
  await expect(page.getByText(`Saved as ${saved}`)).toBeVisible()
  expect(await readFile(saved, 'utf8')).toBe('ssh-rsa')
  expect(await readFile(path.join(downloads, 'authorized_keys'), 'utf8')).toBe('untouched')
  expect(await readdir(home)).not.toContain('.ssh')
})

test('the page itself cannot have a file written elsewhere', async () => {
  const content = base64('evil')
  for (const [name, folders] of [
    ['../evil', []],
    ['/tmp/evil', []],
    ['evil', ['..', '..']],
    ['evil', ['a/../../..']],
  ] as const)
    expect(await window.ask('host', 'saveFile', { file: { name, content }, folders })).toMatchObject({
      ok: false,
      failure: { code: 'BAD_REQUEST' },
    })
})

test('forwarding takes the files along, and a mail is saved for other programs', async () => {
  const { page } = window
  await page.getByRole('region', { name: 'Open mail' }).getByRole('button', { name: 'Forward', exact: true }).click()
  const letter = page.getByRole('dialog', { name: 'Fwd: Keys' })
  await expect(letter.getByRole('list', { name: 'Attached files' })).toContainText('authorized_keys')
  await letter.getByRole('combobox', { name: 'To' }).pressSequentially('ben')
  await page.keyboard.press('Enter')
  await letter.getByRole('button', { name: 'Send' }).click()
  const { mail } = await ben.event('mail', ({ subject }) => subject === 'Fwd: Keys')
  expect(await ben.ask('attachment', { mail, number: 1 })).toMatchObject({ content: base64('ssh-rsa') })

  const message = page.getByRole('region', { name: 'Open mail' }).getByRole('article')
  await message.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Save the mail as a file' }).click()
  await expect(page.getByText(/Saved as .*Keys\.eml/)).toBeVisible()
  const names = await readdir(downloads)
  const eml = names.find((name) => name.endsWith('ben Keys.eml'))
  expect(await readFile(path.join(downloads, eml ?? ''), 'utf8')).toMatch(/^From: ben <ben@quintet\.invalid>\r$/m)
})

test('all of a mailbox is written to files, which tell how many they are', async () => {
  const { page } = window
  await anna.goTo('Settings')
  await page
    .getByRole('navigation', { name: 'Sections of the settings' })
    .getByRole('button', { name: 'Mail', exact: true })
    .click()
  await page.getByRole('button', { name: 'Write all mails as files' }).click()
  await expect(page.getByText(/^\d+ mails are in your downloads, in the folder “Quintet anna .*”\.$/)).toBeVisible()
  const folder = (await readdir(downloads)).find((name) => name.startsWith('Quintet anna '))
  const written = await readdir(path.join(downloads, folder ?? ''))
  expect(written.sort()).toEqual(['inbox', 'sent'])
  expect(await readdir(path.join(downloads, folder ?? '', 'sent'))).toHaveLength(2)
})

/** A PNG that no compression makes small. */
const noisyPicture = (width: number, height: number): Buffer => {
  const chunk = (kind: string, data: Uint8Array): Buffer => {
    const named = Buffer.concat([Buffer.from(kind), data])
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    check.writeUInt32BE(crc32(named))
    return Buffer.concat([length, named, check])
  }
  const size = Buffer.alloc(13)
  size.writeUInt32BE(width, 0)
  size.writeUInt32BE(height, 4)
  // Eight bits for each of red, green and blue.
  size.set([8, 2], 8)
  const rows = Array.from({ length: height }, () => Buffer.concat([Buffer.alloc(1), randomBytes(width * 3)]))
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
  const data = deflateSync(Buffer.concat(rows), { level: 1 })
  return Buffer.concat([signature, chunk('IHDR', size), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))])
}
