import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { platform } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { JsonProcess } from '../../build/cluster/json-process.ts'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import { run, textLike, useCluster } from '../support/cluster.ts'

const cluster = useCluster()
const loopback = ['--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0']
const isRoot = platform() !== 'win32' && process.getuid?.() === 0
const nobody = 65_534
const alwaysFull = '/dev/full'

const replica = (args: readonly string[], user?: { readonly uid: number }) => run('replica/main.ts', args, user)

/** A data directory that has a group, and no replica running. */
const foundedGroup = async (): Promise<string> => {
  const data = path.join(await cluster.directory(), 'data')
  const founder = new ReplicaProcess({ data, create: 'Founded' })
  await founder.ready()
  expect(await founder.stop()).toEqual({ code: 0, signal: null })
  return data
}

describe('the replica process', () => {
  test('wrong usage exits with 2 and a sentence', async () => {
    const data = path.join(await cluster.directory(), 'data')
    const wrong: readonly (readonly string[])[] = [
      [],
      ['--data'],
      ['--data', '--json', '--create', 'A'],
      ['--data', '', '--create', 'A'],
      ['--data', data, '--no-such-option'],
      ['--data', data, '--create', 'A', '--server-id', '6'],
      ['--data', data, '--create', 'A', '--server-id', 'one'],
      ['--data', data, '--create', 'A', '--join', 'quietet://join/x'],
      ['--data', data, '--create', 'A', '--no-mdns', '--listen', 'localhost:4000'],
      ['--data', data, '--create', 'A', 'stray'],
    ]
    const ends = await Promise.all(wrong.map((args) => replica(args)))
    for (const [index, { code, stderr }] of ends.entries()) {
      expect({ args: wrong[index], code }).toEqual({ args: wrong[index], code: 2 })
      expect(stderr).toMatch(/^quintet: .+ \((BAD_REQUEST|BAD_ADDRESS)\)\n$/)
    }
    // Nothing has been made that would stand in the way of the next try.
    expect(existsSync(path.join(data, 'install.json'))).toBe(false)
  })

  test('npm start -- --replica-only is the same', async () => {
    const data = path.join(await cluster.directory(), 'data')
    const child = new JsonProcess({
      script: 'build/start.ts',
      args: ['--replica-only', '--data', data, '--create', 'Started', '--json', ...loopback],
    })
    const first = await child.until(() => child.lines[0] ?? null, 30_000, 'a line')
    expect(first).toMatchObject({ event: 'ready', serverId: 1, data })
    child.signal('SIGTERM')
    expect(await child.exited).toEqual({ code: 0, signal: null })
  })

  test('--help explains itself and exits with 0', async () => {
    for (const script of ['replica/main.ts', 'replica/mail.ts']) {
      const { code, process } = await run(script, ['--help'])
      expect(code).toBe(0)
      expect(process.lines.map(({ text }) => text).join('\n')).toContain('--data <directory>')
    }
  })

  test('an empty directory needs to be told which group', async () => {
    const data = path.join(await cluster.directory(), 'data')
    const { code, stderr } = await replica(['--data', data, ...loopback])
    expect(code).toBe(1)
    expect(stderr).toMatch(/--create NAME or --join INVITE.*DIRECTORY_NOT_A_GROUP/)
  })

  test('a data directory is used by one replica at a time', async () => {
    const data = path.join(await cluster.directory(), 'data')
    const first = new ReplicaProcess({ data, create: 'Locked' })
    await first.ready()
    const second = await replica(['--data', data, ...loopback])
    expect(second.code).toBe(3)
    expect(second.stderr).toContain(String(first.process.pid))
    await first.kill()
    const third = new ReplicaProcess({ data })
    await third.ready()
    expect(await third.stop()).toEqual({ code: 0, signal: null })
  })

  test('a directory keeps its group and its seat', async () => {
    const data = await foundedGroup()
    expect(await replica(['--data', data, '--create', 'Other', ...loopback])).toMatchObject({
      code: 1,
      stderr: textLike(/DIRECTORY_HAS_A_GROUP/),
    })
    expect(await replica(['--data', data, '--server-id', '2', ...loopback])).toMatchObject({ code: 2 })
    const again = new ReplicaProcess({ data, create: 'Founded' })
    expect(await again.ready()).toMatchObject({ serverId: 1 })
    await again.stop()
  })

  test('data written by a newer version is refused with 5 and left as it is', async () => {
    const data = await foundedGroup()
    const file = path.join(data, 'format.json')
    const newer = (await readFile(file, 'utf8')).replace('"format":1', '"format":99')
    await writeFile(file, newer)
    const { code, stderr } = await replica(['--data', data, ...loopback])
    expect(code).toBe(5)
    expect(stderr).toContain('NEWER_FORMAT')
    expect(await readFile(file, 'utf8')).toBe(newer)
  })

  test('an install written by a newer version is refused with 5', async () => {
    const data = await foundedGroup()
    const file = path.join(data, 'install.json')
    await writeFile(file, (await readFile(file, 'utf8')).replace('"format": 1', '"format": 99'))
    expect(await replica(['--data', data, ...loopback])).toMatchObject({ code: 5 })
  })

  test('its terminal going away, and a signal again and again, do not keep it from flushing', async () => {
    const founder = new ReplicaProcess({ data: path.join(await cluster.directory(), 'data'), create: 'Patient' })
    await founder.ready()
    founder.process.signal('SIGHUP')
    const again = setInterval(() => {
      founder.process.signal('SIGTERM')
    }, 5)
    const exit = await founder.process.exited
    clearInterval(again)
    expect(exit).toEqual({ code: 0, signal: null })
  })

  test('started again among others tells of every change of the view after it has told that it is ready', async () => {
    const group = await cluster.group([1, 2, 3])
    for (let start = 1; start <= 3; start += 1) {
      await group.replica(2).stop()
      await group.restart(2)
      await group.sees([2], [1, 2, 3])
      const { view } = await group.status(2)
      const { process } = group.replica(2)
      const isTold = () => process.lines.find(({ number }) => number === view.number) ?? null
      expect(await process.until(isTold, 5_000, 'the view')).toMatchObject({ event: 'view', servers: [1, 2, 3] })
      const told = process.lines.map(({ event, number }) => (event === 'view' ? number : event))
      expect(told).toEqual(['ready', ...Array.from({ length: view.number - 1 }, (_, index) => index + 2)])
    }
  })

  test('whose output nobody reads any more says so once, and serves on', async () => {
    const group = await cluster.group([1])
    const founder = group.replica(1)
    founder.process.closeOutput()
    await group.join(2, 1)
    await group.sees([1], [1, 2])
    await group.kill(2)
    await group.sees([1], [1])
    expect(founder.process.exit).toBeNull()
    expect(await founder.stop()).toEqual({ code: 0, signal: null })
    expect(founder.process.stderr).toMatch(/^quintet: .+\(EPIPE\).+ \(STOPPED\)\n$/)
  })

  test('a port that is in use is named', async () => {
    const group = await cluster.group([1])
    const port = /\/tcp\/(\d+)/.exec((await group.replica(1).ready()).listen[0] ?? '')?.[1] ?? ''
    const listen = ['--no-mdns', '--listen', `/ip4/127.0.0.1/tcp/${port}`]
    const data = path.join(await cluster.directory(), 'b')
    const { invite } = await group.operator(1).ask('invite')
    for (const begin of [
      ['--create', 'Second'],
      ['--join', invite],
    ]) {
      const { code, stderr } = await replica(['--data', data, ...begin, ...listen])
      expect({ begin, code }).toEqual({ begin, code: 1 })
      expect(stderr).toContain('PORT_IN_USE')
      expect(stderr).toContain(port)
    }
    // Nothing is left: not a group that nobody wanted so, and the invite is good.
    expect((await group.operator(1).ask('invites')).invites).toMatchObject([{ state: 'open' }])
    const joined = new ReplicaProcess({ data, join: invite })
    expect(await joined.ready()).toMatchObject({ serverId: 2 })
    await joined.stop()
  })

  test('is waited for by a client that was started before it, which says so', async () => {
    const data = path.join(await cluster.directory(), 'early')
    const client = new MailProcess({ data })
    const answer = client.ask('status')
    const { process } = client
    await process.until(() => (process.stderr.startsWith('quintet: Waiting for') ? true : null), 20_000, 'a word')
    const founder = new ReplicaProcess({ data, create: 'Early' })
    expect(await answer).toMatchObject({ serverId: 1, groupName: 'Early' })
    await client.close()
    await founder.stop()
  })

  test('a file in the place of the directory is named', async () => {
    const data = path.join(await cluster.directory(), 'file')
    await writeFile(data, '')
    const { code, stderr } = await replica(['--data', data, '--create', 'A', ...loopback])
    expect(code).toBe(1)
    expect(stderr).toMatch(/DIRECTORY_NOT_USABLE/)
    expect(stderr).toContain(data)
  })

  test.skipIf(platform() === 'win32')('a directory without permission is named', async () => {
    const above = await cluster.directory()
    const data = path.join(above, 'data')
    await mkdir(data)
    await chmod(above, 0o755)
    await chmod(data, 0o500)
    if (isRoot) await chown(data, nobody, nobody)
    const { code, stderr } = await replica(
      ['--data', data, '--create', 'A', ...loopback],
      isRoot ? { uid: nobody } : undefined,
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/DIRECTORY_NOT_USABLE/)
    expect(stderr).toContain(data)
    await chmod(data, 0o700)
  })

  test.skipIf(platform() === 'win32')('others on the machine cannot read the keys', async () => {
    const data = await foundedGroup()
    for (const name of ['.', 'install.json', 'attach.json', 'log', 'snapshot']) {
      const { mode } = await stat(path.join(data, name))
      expect({ name, others: mode & 0o077 }).toEqual({ name, others: 0 })
    }
  })
})

describe('the mail process', () => {
  test('ends, logged out, when nobody reads what it says, although its input stays open', async () => {
    const group = await cluster.group([1])
    for (const [index, more] of [[], ['--json']].entries()) {
      const client = new JsonProcess({ script: 'replica/mail.ts', args: ['--data', group.dataOf(1), ...more] })
      client.closeOutput()
      client.write(index === 0 ? 'v' : '{"do":"view"}')
      // A program that goes by the exit code has lost an answer.
      expect({ more, exit: await client.exited }).toEqual({ more, exit: { code: index, signal: null } })
      expect(client.stderr).toMatch(index === 0 ? /^$/ : /^quintet: .+\(EPIPE\).+ \(STOPPED\)\n$/)
    }
  })

  test.skipIf(!existsSync(alwaysFull))('whose answers there is no room for says so, and exits with 1', async () => {
    const group = await cluster.group([1])
    const data = ['--data', group.dataOf(1)]
    for (const args of [[...data, '--json'], data, ['--help']]) {
      const place = { command: ['sh', '-c', `exec "$@" >${alwaysFull}`, 'sh'], environment: {} }
      const client = new JsonProcess({ script: 'replica/mail.ts', args, place })
      client.write('{"do":"view"}')
      client.endInput()
      expect({ args, exit: await client.exited }).toEqual({ args, exit: { code: 1, signal: null } })
      expect(client.stderr).toMatch(/^quintet: .+\(ENOSPC\).+ \(DISK_FULL\)\n$/)
    }
  })

  test('wrong usage exits with 2, a directory without a replica with 1 and the remedy', async () => {
    expect(await run('replica/mail.ts', [])).toMatchObject({ code: 2 })
    expect(await run('replica/mail.ts', ['--data', '/tmp', '--server', '9'])).toMatchObject({ code: 2 })
    const directories = [await cluster.directory(), await foundedGroup()]
    const ends = directories.map((data) => run('replica/mail.ts', ['--data', data, '--json']))
    const [nothing, stopped] = await Promise.all([ends[0], ends[1]])
    expect(nothing).toMatchObject({ code: 1, stderr: textLike(/npm run replica -- --data/) })
    expect(stopped?.code).toBe(1)
    expect(stopped?.stderr).toMatch(/is a replica running|cannot be reached|UNREACHABLE/i)
  })
})
