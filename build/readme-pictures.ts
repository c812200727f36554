import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from '@playwright/test'
import { buildApp } from './app/build-app.ts'
import { type LaunchedApp, launchApp } from './app/launch.ts'
import { type Call, callOf, Camera } from './camera.ts'
import { passwordOf, ReplicaGroup } from './cluster/group.ts'
import type { MailProcess } from './cluster/mail-process.ts'
import { crew } from './demo-corpus.ts'
import { liveMails } from './demo-mailbox.ts'
import { groupOverDays } from './picture-group.ts'
import { root } from './stages.ts'

/** `npm run pictures`: the README's pictures, of the real app and real replicas. With a folder they go there. */
const folder = path.resolve(process.argv[2] ?? path.join(root, 'docs', 'screenshots'))
const camera = new Camera(folder, { width: 1280, height: 800 })
const [captain] = crew

/** So that map, matrix and history are in the picture. */
const networkPixels = 960

const goTo = (page: Page, name: string): Promise<void> =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name }).click()

const shootMail = async (page: Page, call: Call): Promise<void> => {
  await call('client', 'logIn', { name: captain.name, password: passwordOf(captain.name) })
  await call('client', 'noteRecovery')
  await page.reload()
  await page.getByRole('row', { name: 'Starboard winch' }).first().click()
  const mails = page.getByRole('region', { name: 'Open mail' }).getByRole('article')
  await mails.first().click()
  await camera.shot(page, 'inbox')
  await call('host', 'changeSettings', { settings: { theme: 'dark' } })
  await page.getByRole('row', { name: 'Ice chart' }).last().click()
  await mails.first().waitFor()
  await camera.shot(page, 'dark')
  await call('host', 'changeSettings', { settings: { theme: 'light' } })
  await page.getByRole('button', { name: 'New mail', exact: true }).first().click()
  for (const name of ['Mateo', 'Leila']) {
    await page.getByRole('combobox', { name: 'To' }).pressSequentially(name)
    await page.getByRole('option', { name }).click()
  }
  await page.getByRole('textbox', { name: 'Subject' }).fill('Thursday’s station')
  await page.getByRole('textbox', { name: 'Text', exact: true }).fill(composed)
  await page.getByText('Draft saved').waitFor()
  await camera.shot(page, 'compose')
  await page.getByRole('button', { name: 'Discard the draft' }).click()
  const note = page.getByText('The draft is discarded.')
  await note.waitFor()
  await note.waitFor({ state: 'detached' })
}

const composed = `We go on station at **06:40**, wind permitting:

1. CTD to the bottom, then the small net
2. winch only with Mateo on deck
3. coffee

Leila, can you have the bottles ready by six? The positions are those of last year, 40 m further east.`

const shootTimeline = async (page: Page): Promise<void> => {
  await goTo(page, 'Timeline')
  await page.getByText('Three fin whales').waitFor()
  await camera.shot(page, 'timeline')
}

/** Servers 3 to 5 refuse 1 and 2, as a cable that is cut does: only the window's own side can be seen from it. */
const shootNetwork = async (page: Page, call: Call, group: ReplicaGroup, writers: Writers): Promise<void> => {
  const east = [3, 4, 5]
  await goTo(page, 'Network')
  await Promise.all(east.map((server) => group.operator(server).ask('pause', { servers: [1, 2] })))
  await page.getByText('2 of 5 servers are connected').waitFor()
  await call('client', 'send', { to: ['Samuel'], subject: 'Landing party', body: 'Four of us, back by noon.' })
  await call('client', 'post', { text: 'Fog. Landing party waits until ten.' })
  await writeOn(writers, [2, ...east])
  await group.settled([1, 2])
  await camera.shot(page, 'network-split', networkPixels)
  await Promise.all(east.map((server) => group.operator(server).ask('resume', { servers: [1, 2] })))
  await page.getByText('5 of 5 servers are connected').waitFor()
  await group.settled()
  await page.getByText('mails came in').first().waitFor()
  await camera.shot(page, 'network-healed', networkPixels)
}

type Writers = ReadonlyMap<number, { readonly name: string; readonly client: MailProcess }>

/** The others, logged in at their servers. */
const logInOthers = async (group: ReplicaGroup): Promise<Writers> => {
  const entries = crew.slice(1).map(async ({ name }, index) => {
    const server = index + 2
    const client = group.client(server)
    await client.ask('logIn', { name, password: passwordOf(name) })
    return [server, { name, client }] as const
  })
  return new Map(await Promise.all(entries))
}

const writeOn = async (writers: Writers, servers: readonly number[]): Promise<void> => {
  for (const server of servers) {
    const writer = writers.get(server)
    for (const { subject, body } of liveMails.filter(({ from }) => from === writer?.name))
      await writer?.client.ask('send', { to: [captain.name], subject, body })
  }
}

/** As a machine finds it that joins, with two seats left to choose from. */
const shootFirstRun = async (directory: string): Promise<void> => {
  const group = await ReplicaGroup.create({ directory, name: 'Northern Light', servers: [1, 2, 3] })
  const { app, page } = await launchApp({ data: path.join(directory, 'newcomer') })
  try {
    for (const [index, { machine }] of crew.slice(0, 3).entries())
      await group.operator(index + 1).ask('renameMachine', { name: machine })
    await group.settled()
    const { invite } = await group.operator(1).ask('invite')
    await page.getByRole('button', { name: 'Join with an invite' }).click()
    await page.getByRole('textbox', { name: 'Invite' }).fill(invite)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('textbox', { name: 'Name of this machine' }).fill('Sick bay')
    await page.getByRole('radio', { name: 'Server id 4, free' }).waitFor({ state: 'attached' })
    await camera.shot(page, 'first-run')
  } finally {
    await app.close()
    await group.end()
  }
}

const main = async (): Promise<void> => {
  await buildApp(console.log)
  await mkdir(folder, { recursive: true })
  const directory = await mkdtemp(path.join(tmpdir(), 'quintet-pictures-'))
  let group: ReplicaGroup | null = null
  let launched: LaunchedApp | null = null
  try {
    await shootFirstRun(path.join(directory, 'first-run'))
    group = await groupOverDays(path.join(directory, 'crew'))
    await group.replica(1).stop()
    launched = await launchApp({ data: group.dataOf(1) })
    await group.sees([1], [1, 2, 3, 4, 5])
    const { page } = launched
    page.on('pageerror', (error) => console.log(`page: ${error.stack ?? error.message}`))
    const call = callOf(page)
    const writers = await logInOthers(group)
    await shootMail(page, call)
    await shootTimeline(page)
    await shootNetwork(page, call, group, writers)
  } finally {
    await launched?.app.close()
    await group?.end()
    await rm(directory, { recursive: true, force: true })
  }
}

await main()
