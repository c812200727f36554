import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { passwordOf } from '../../build/cluster/group.ts'
import type { ReplicaApi } from '../../replica/api/contract.ts'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import { importPublicKey } from '../../replica/client/hpke.ts'
import { passwordCost } from '../../replica/client/key-lock.ts'
import type { Session } from '../../replica/client/session.ts'
import { accountNamed, knownAccount } from '../../replica/client/session.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { anyTag, type UpdateId } from '../../replica/core/model/ids.ts'
import { loadAttachment, loadInstall } from '../../replica/drivers/install-file.ts'
import { connectLocally } from '../../replica/drivers/local-socket.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { bodyChars, nameOf } from './bench-group.ts'
import { textOf } from './corpus.ts'

const dialTimeoutMs = 2_500
const againAfterMs = 10
const givesUpAfterMs = 60_000

/** What a list shows of a mail, opened. */
interface ShownPage {
  readonly subjects: readonly string[]
  readonly total: number
}

/** Each is fulfilled when a person would see that it is done. */
export interface PersonActs {
  /** The inbox's mails from `offset` on (0 is the newest), their headers opened. */
  readonly page: (offset: number, headers: number) => Promise<readonly UpdateId[]>
  readonly read: (mail: UpdateId) => Promise<void>
  readonly mark: (mail: UpdateId) => Promise<void>
  readonly trash: (mail: UpdateId) => Promise<void>
  readonly send: (subject: string) => Promise<void>
}

/**
 * A person's client on the replica's machine that knows this replica and no other, so that what it shows can only come from there. The keys
 * are unlocked beforehand, as in a window that stays open: a password's scrypt would be most of a short start.
 */
export class FirstPageReader {
  readonly #directory: string
  readonly #session: Session

  private constructor(directory: string, session: Session) {
    this.#directory = directory
    this.#session = session
  }

  /** For the person of the replica that keeps `directory` and runs now. */
  static async prepare(directory: string): Promise<FirstPageReader> {
    const install = await loadInstall(directory)
    if (install === null) throw new Error(`no replica keeps ${directory}`)
    const api = await connectTo(directory)
    const name = nameOf(install.server)
    const record = await accountNamed((query) => api.lookUp(query), install.groupId, name)
    const ports = { machine: 'bench', random: randomBytes, clock: systemClock, passwordCost }
    const session = await knownAccount(record, install.groupId, { kind: 'password', password: passwordOf(name) }, ports)
    await api.close()
    return new FirstPageReader(directory, session)
  }

  /** Tries until the replica answers, logs in, asks for the newest `headers` of the inbox and opens them. */
  async read(headers: number): Promise<ShownPage> {
    const api = await this.#connected()
    await this.#session.logIn(api)
    const { mails, total } = await api.list({ folder: 'inbox', limit: headers, before: null, offset: 0 })
    const opened = await Promise.all(mails.map((mail) => this.#session.opener.openHeader(mail)))
    await api.close()
    return { subjects: opened.map(({ content }) => content.subject), total }
  }

  /** Does what a person does at the replica, which must be running. */
  async use<Value>(work: (acts: PersonActs) => Promise<Value>): Promise<Value> {
    const api = await this.#connected()
    await this.#session.logIn(api)
    try {
      return await work(actsOf(api, this.#session))
    } finally {
      await api.close()
    }
  }

  async #connected(): Promise<ReplicaApi> {
    const deadline = performance.now() + givesUpAfterMs
    for (;;) {
      try {
        return await connectTo(this.#directory)
      } catch (error) {
        if (!(error instanceof QuintetError) || performance.now() > deadline) throw error
        await pause(againAfterMs)
      }
    }
  }
}

const actsOf = (api: ReplicaApi, session: Session): PersonActs => ({
  page: async (offset, headers) => {
    const { mails } = await api.list({ folder: 'inbox', limit: headers, before: null, offset })
    await Promise.all(mails.map((mail) => session.opener.openHeader(mail)))
    return mails.map(({ mail }) => mail)
  },
  read: async (mail) => {
    await session.opener.open(await api.fetch({ mail }))
  },
  mark: async (mail) => {
    await api.submit(await session.marks('star', [{ id: mail, tag: anyTag }])(session.wordClock.now()))
  },
  trash: async (mail) => {
    await api.submit(await session.marks('trash', [{ id: mail, tag: anyTag }])(session.wordClock.now()))
  },
  send: async (subject) => {
    const [own] = await api.lookUp({ names: [session.name], accounts: [] })
    if (own === undefined) throw new Error('there is nobody to send to')
    const to = [{ account: own.account, sealKey: await importPublicKey(own.sealKey) }]
    const content = {
      subject,
      snippet: '',
      addressed: 1,
      inReplyTo: null,
      files: [],
      body: textOf('natural', bodyChars, Math.random),
    }
    await api.submit(await session.mail({ ...content, command: session.newCommand(), to, conversation: null }))
  },
})

/** As people's clients do: by the socket that the replica tells of when it starts. */
const connectTo = async (directory: string): Promise<ReplicaApi> => {
  const attachment = await loadAttachment(directory)
  const peer = attachment?.members.get(attachment.server)?.peer
  if (attachment?.socket === undefined || attachment.socket === null || peer === undefined)
    throw new Error(`no replica on this machine has kept ${directory}`)
  const stream = await connectLocally({
    path: attachment.socket,
    peer,
    clock: systemClock,
    timeoutMs: dialTimeoutMs,
  })
  const api = connectReplica({ stream, adminToken: attachment.adminToken, clock: systemClock })
  try {
    await api.group()
    return api
  } catch (error) {
    await api.close()
    throw error
  }
}
