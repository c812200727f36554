import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from '@playwright/test'
import { buildApp } from '../../build/app/build-app.ts'
import { type LaunchedApp, launchApp } from '../../build/app/launch.ts'
import { callOf } from '../../build/camera.ts'
import { passwordOf } from '../../build/cluster/group.ts'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import type { SearchPage } from '../../replica/client/contract/mailbox.ts'
import { nameOf } from './bench-group.ts'
import { fillMailbox } from './mailbox.ts'

/** The data directories of two replicas, which keep their ports; the app takes the place of the first. */
export type WindowPair = readonly [string, string]

const indexingLookMs = 200

/** Person 1 finds `mails` mails, and is signed in when the app starts. Nothing runs when it is fulfilled. */
export const preparePair = async (directory: string, mails: number): Promise<WindowPair> => {
  await buildApp(() => undefined)
  const pair: WindowPair = [path.join(directory, 'server-1'), path.join(directory, 'server-2')]
  await signUpTwo(pair)
  await fillMailbox({ directories: pair, mails, batchMails: 10, afterSnapshot: 100, to: nameOf(1) })
  await staySignedIn(pair)
  return pair
}

const signUpTwo = async ([firstData, secondData]: WindowPair): Promise<void> => {
  const first = new ReplicaProcess({ data: firstData, create: 'Bench', server: 1 })
  await first.ready()
  const one = new MailProcess({ data: firstData })
  const { invite } = await one.ask('invite')
  const second = new ReplicaProcess({ data: secondData, join: invite, server: 2 })
  await second.ready()
  const two = new MailProcess({ data: secondData })
  await one.ask('signUp', { name: nameOf(1), password: passwordOf(nameOf(1)) })
  await two.ask('signUp', { name: nameOf(2), password: passwordOf(nameOf(2)) })
  const agree = async (): Promise<boolean> => {
    const [left, right] = await Promise.all([one.ask('status'), two.ask('status')])
    return left.digest === right.digest && left.accounts === 2
  }
  while (!(await agree())) await new Promise((over) => setTimeout(over, 25))
  await Promise.all([one.close(), two.close()])
  await Promise.all([first.stop(), second.stop()])
}

const staySignedIn = async (pair: WindowPair): Promise<void> => {
  const folder = path.join(pair[0], 'desktop')
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'settings.json'), JSON.stringify({ staySignedIn: 'on' }))
  const { app, page } = await openApp(pair)
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  const call = callOf(page)
  await call('client', 'logIn', { name: nameOf(1), password: passwordOf(nameOf(1)) })
  await call('client', 'noteRecovery')
  await firstRow(page)
  await indexed(call)
  await app.close()
}

/** A mailbox that has been there for a while is searchable; making it so is not measured. */
const indexed = async (call: ReturnType<typeof callOf>): Promise<void> => {
  for (;;) {
    const found = (await call('client', 'search', { query: 'letter', limit: 1 })) as SearchPage
    if (found.indexed === found.mails) return
    await new Promise((over) => setTimeout(over, indexingLookMs))
  }
}

export const openApp = ([data]: WindowPair): Promise<LaunchedApp> => launchApp({ data })

/** The inbox can be used. */
export const firstRow = (page: Page): Promise<void> => page.getByRole('row', { name: 'letter' }).first().waitFor()
