import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { formerEnded } from '../../build/standin/former-chromium.ts'

const profileFolder = async (): Promise<string> => {
  const profile = await mkdtemp(path.join(tmpdir(), 'quintet-profile-'))
  onTestFinished(() => rm(profile, { recursive: true, force: true }))
  return profile
}

/** A process that runs until its input ends, as Chromium does. */
const running = async (profile: string, ofProfile: string): Promise<ChildProcess> => {
  const script = 'process.stdout.write("up"); process.stdin.resume()'
  const child = spawn(process.execPath, ['-e', script, '--', `--user-data-dir=${ofProfile}`])
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  await symlink(`${hostname()}-${String(child.pid)}`, path.join(profile, 'SingletonLock'))
  return child
}

test.runIf(process.platform === 'linux')(
  'the Chromium of an app that was killed is waited for, and killed when it hangs',
  async () => {
    const profile = await profileFolder()
    const left = await running(profile, profile)
    let isOver = false
    const ended = formerEnded(profile).then(() => (isOver = true))
    await Promise.race([ended, new Promise((turn) => setTimeout(turn, 100))])
    expect(isOver).toBe(false)
    left.stdin?.end()
    await ended
    expect(left.exitCode ?? left.signalCode).not.toBe(undefined)

    await rm(path.join(profile, 'SingletonLock'))
    const hanging = await running(profile, profile)
    const exited = once(hanging, 'exit')
    await formerEnded(profile, 50)
    expect((await exited)[1]).toBe('SIGKILL')
    await formerEnded(profile)
  },
)

test.runIf(process.platform === 'linux')(
  'neither a lock without a process nor one whose number has come again is waited for',
  async () => {
    const profile = await profileFolder()
    await formerEnded(profile)
    const another = await running(profile, `${profile}-2`)
    await formerEnded(profile)
    expect(another.exitCode).toBe(null)
  },
)
