import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'

import { limits } from '../../replica/core/model/limits.ts'
import { runInteractiveTerminal } from '../../replica/terminal/interactive-terminal.ts'
import { signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { shownBy } from '../support/terminal.ts'

test('attaches files, writes them to the disk, and exports mails', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'quintet terminal '))
  try {
    const plan = path.join(directory, 'the plan.txt')
    await writeFile(plan, 'secret')
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const text = await shownBy(runInteractiveTerminal, ann, [
      ...['m ann', 'Both', 'first line', `~a ${plan}`, `~a ${plan}.missing`, '.', 'm ann', 'None', '.'],
      ...[
        'l',
        'r 2',
        `save 1 ${directory}`,
        `save 2 ${directory}`,
        `export 2 ${directory}`,
        `export all ${directory}/all`,
      ],
      ...[
        'draft ben',
        'Later',
        `~a ${plan}`,
        '.',
        'drafts',
        'save 7',
        'export',
        'export 2 /dev/null/there',
        'export all /dev/null/there',
      ],
    ])
    expect(text).toMatch(/Attached: the plan\.txt \(6 bytes\)\./)
    expect(text).toMatch(/the plan\.txt\.missing cannot be read: there is no such file or directory/)
    expect(text).toMatch(/Files: {3}the plan\.txt \(6 bytes\); save N writes them to the disk\n\nfirst line\n/)
    expect(text).toMatch(/Nothing is attached to this mail/)
    expect(text).toMatch(/Saved as .*the plan \(2\)\.txt\n/)
    expect(text).toMatch(/inbox: 2 mails written.\nsent: 2 mails written.\ntrash: 0 mails written./)
    expect(text).toMatch(/ben {2}Later {2}\[the plan\.txt \(6 bytes\)\]/)
    expect(text).toMatch(/No mail 7 has been listed/)
    expect(text).toMatch(/This is used as: export N\|all \[DIR\]/)
    expect(text.match(/cannot be written to: a part of its path is no directory/g)).toHaveLength(2)
    expect(text).not.toMatch(/Not written/)
    expect(await readFile(path.join(directory, 'the plan (2).txt'), 'utf8')).toBe('secret')
    expect(await readdir(path.join(directory, 'all', 'inbox'))).toHaveLength(2)
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('attaches no more files than a mail can have: what was written is sent with those', async () => {
  const ann = await signedUp(new MemoryReplica(), 'ann')
  const files = Array.from({ length: limits.attachments + 1 }, () => `~a ${import.meta.filename}`)
  const text = await shownBy(runInteractiveTerminal, ann, ['m ann', 'Many', 'a letter', ...files, '.'])
  expect(text).toMatch(/can have 20 files attached at most/)
  expect(text).toMatch(/Sent to ann/)
})
