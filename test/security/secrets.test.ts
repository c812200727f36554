import { readdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadInstall } from '../../replica/drivers/install-file.ts'
import { toBase64Url } from '../../replica/wire/bytes.ts'
import { send, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

const filesIn = async (directory: string): Promise<readonly string[]> => {
  const names = await readdir(directory, { recursive: true })
  const paths = names.map((name) => path.join(directory, name))
  const kinds = await Promise.all(paths.map((file) => stat(file)))
  return paths.filter((_, index) => kinds[index]?.isFile())
}

/** As it may be written: plain, or in a form that bytes are written in. */
const formsOf = (secret: string | Uint8Array): readonly string[] => {
  const bytes = Buffer.from(secret)
  const encoded = [bytes.toString('hex'), bytes.toString('base64'), toBase64Url(bytes)]
  return typeof secret === 'string' ? [secret, ...encoded] : encoded
}

describe('what is secret', () => {
  test('is in no output, log or file that it is not meant for, also when the replica breaks down', async () => {
    const group = await cluster.group([1, 2])
    const client = group.client(1)
    const personal = {
      password: 'an unmistakable password',
      newPassword: 'another unmistakable password',
      subject: 'an unmistakable subject',
      body: 'an unmistakable body',
      draft: 'an unmistakable thought',
      query: 'unmistakable',
    }
    const { password, newPassword } = personal
    const { recoveryPhrase = '' } = await client.ask('signUp', { name: 'ada', password, phrase: true })
    await send(client, 'ada', personal.subject, personal.body)
    await client.ask('saveDraft', { to: [], subject: personal.draft, body: personal.draft })
    await client.ask('search', { query: personal.query, limit: 5 })
    await client.ask('changePassword', { password, newPassword })
    await expect(client.ask('logIn', { name: 'ada', password })).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
    client.process.write(`{"id":1,"do":"logIn","name":"ada","password":"${password}"`)
    const { invite } = await group.operator(1).ask('invite')
    await group.operator(1).ask('rotateKey')
    await group.settled()
    const install = await loadInstall(group.dataOf(2))
    if (install === null) throw new Error('server 2 has an install')
    const ofPerson = [...Object.values(personal), recoveryPhrase].flatMap(formsOf)
    const ofGroup = [...[install.groupKey, install.privateKey].flatMap(formsOf), invite]

    // Its log cannot be written any more: it says so, and ends.
    await group.replica(2).kill()
    await group.restart(2)
    await rm(path.join(group.dataOf(2), 'log'), { recursive: true })
    await send(client, 'ada', personal.subject, personal.body)
    const failed = await group.replica(2).process.exited
    expect(failed.code).not.toBe(0)
    expect(await client.close()).toBe(0)

    const said = [1, 2].map((server) => {
      const { lines, stderr } = group.replica(server).process
      return JSON.stringify(lines) + stderr
    })
    const logs = await Promise.all(
      [1, 2].map((server) => readFile(path.join(group.dataOf(server), 'replica.log'), 'utf8')),
    )
    const spoken = [...said, ...logs, client.process.stderr].join('\n')
    for (const secret of [...ofPerson, ...ofGroup]) expect(spoken.includes(secret), secret).toBe(false)
    for (const server of [1, 2]) {
      for (const file of await filesIn(group.dataOf(server))) {
        const text = await readFile(file)
        for (const secret of ofPerson) expect(text.includes(secret), `${secret} in ${file}`).toBe(false)
      }
    }
  })
})
