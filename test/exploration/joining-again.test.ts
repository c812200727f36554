import { describe, expect, test } from 'vitest'
import { isOn } from '../../replica/core/state/mark-registers.ts'
import { Faults } from '../simulation/faults.ts'
import type { Machine } from '../simulation/machine.ts'
import { World } from '../simulation/world.ts'
import { Calm } from './calm.ts'
import { Deviations } from './deviations.ts'
import { settingsOf } from './explore.ts'
import type { Scenario } from './scenario.ts'
import { people, retiredBesideNewcomer, splitScenarios } from './split-scenarios.ts'
import { Stage } from './stage.ts'

const never = 1e12

const played = (
  scenario: Scenario,
  log: 'whole' | 'discarded',
): { readonly stage: Stage; readonly machines: readonly Machine[] } => {
  const random = new Calm(1)
  const deviations = new Deviations([], random)
  const settings = settingsOf(scenario)
  const { tuning } = settings
  const compaction =
    log === 'discarded' ? tuning.compaction : { ...tuning.compaction, snapshotUpdates: never, quietGain: never }
  const world = new World(random, { ...settings, tuning: { ...tuning, compaction } }, 'last', 'ordinary', deviations)
  deviations.begin(world)
  const stage = new Stage(world, new Faults(world), deviations)
  scenario.play(stage)
  world.timeline.run(scenario.lastsMs, () => false)
  return { stage, machines: world.up() }
}

/** What people see at a server, by their words. */
const shownAt = (stage: Stage, { core, disk }: Machine): readonly string[] => {
  const { mails, posts, documents, follows, accounts } = core.state
  const words = (origin: Parameters<typeof disk.readUpdate>[0], sequence: number): string => {
    const change = disk.readUpdate(origin, sequence)?.change
    const found = change !== undefined && 'command' in change ? stage.wordsOf(change.command) : undefined
    return found ?? 'unknown'
  }
  const found: string[] = accounts.records().map(({ name }) => `account ${name}`)
  for (const mail of mails.records()) {
    const of = words(mail.origin, mail.sequence)
    for (const name of people.filter((person) => mails.isOwnedBy(mail, stage.account(person)))) {
      const { star, trash } = mails.registersOf(mail, stage.account(name))
      const marks = [
        mails.hasRead(mail, stage.account(name)) ? 'read' : [],
        isOn(star) ? 'star' : [],
        isOn(trash) ? 'trash' : [],
      ].flat()
      found.push([`mail ${of}: ${name}`, ...marks].join(' '))
    }
  }
  for (const { origin, sequence } of posts.records()) found.push(`post ${words(origin, sequence)}`)
  for (const name of people) {
    const written = documents.records().filter(({ account }) => account === stage.account(name))
    for (const { state } of written) if (state === 'written') found.push(`draft of ${name}`)
    for (const whom of people)
      if (follows.follows(stage.account(name), stage.account(whom))) found.push(`${name} follows ${whom}`)
  }
  return found.filter((line) => !line.startsWith('mail chatter')).sort()
}

const expected = [
  ...people.map((name) => `account ${name}`),
  'cleo follows ada',
  'draft of bob',
  ...['ada', 'bob'].map((name) => `mail of ada and bob: ${name}`),
  ...['ada', 'cleo'].map((name) => `mail of 1: ${name}`),
  'mail of 3: ada star',
  'mail of 3: cleo',
  ...people.map((name) => `mail no more: ${name}`),
  ...['ada', 'bob', 'cleo read'].map((name) => `mail read: ${name}`),
  ...['ada', 'bob', 'cleo star'].map((name) => `mail starred: ${name}`),
  ...['ada', 'bob', 'cleo trash'].map((name) => `mail trashed: ${name}`),
  'post said there',
].sort()

describe('a machine that joins again, where both sides of a split have retired each other', () => {
  test.each([
    {
      what: 'its log is whole',
      log: 'whole',
      scenario: splitScenarios['retired each other'],
      seats: [1, 2, 3],
      more: [],
    },
    {
      what: 'its log is discarded',
      log: 'discarded',
      scenario: splitScenarios['retired each other for long'],
      seats: [1, 2, 3],
      more: [],
    },
    {
      what: 'another one joins again that it had let in',
      log: 'whole',
      scenario: retiredBesideNewcomer,
      seats: [1, 2, 3, 4],
      more: ['mail of 4: bob', 'mail of 4: cleo star'],
    },
  ] as const)('brings along what people did there, and retires nobody: where $what', (given) => {
    const { stage, machines } = played(given.scenario, given.log)
    expect(machines.map(({ seat }) => seat).sort()).toEqual(given.seats)
    for (const machine of machines) {
      expect(machine.core.isRetired).toBe(false)
      expect(machine.core.view.servers).toEqual(given.seats)
      expect(machine.aside).toEqual([])
      expect(machine.core.state.image().pending).toEqual([])
      expect(shownAt(stage, machine)).toEqual([...expected, ...given.more].sort())
    }
  })
})
