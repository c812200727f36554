import { startOver } from '../simulation/starting-over.ts'
import { chatter, hush, signUpAll, type Scenario } from './scenario.ts'
import { anySeat } from './stage.ts'

/** Old copies of disks are put back, at any moment after they were made. */
export const copyScenarios = {
  'old copy that is written to': {
    seats: 3,
    lastsMs: 11_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.mail('early', 'ada', ['bob', 'cleo'], 3))
      stage.at(2_200, () => stage.copy(3))
      stage.at(2_300, () => stage.mail('after', 'ada', ['bob'], 3))
      stage.at(2_500, () => stage.mark('deletion', 'early', 'bob', 3))
      stage.at(2_600, () => stage.draft('written', 'ada', 3))
      stage.at(2_700, () => stage.mail('later', 'cleo', ['ada'], 3))
      stage.at(3_000, () => stage.mark('deletion', 'after', 'bob', 1))
      stage.at(3_100, () => stage.mark('deletion', 'after', 'ada', 2))
      stage.at(4_000, () => stage.mail('last', 'bob', ['ada'], 3))
      stage.at(4_100, () => stage.mark('deletion', 'last', 'bob', 3))
      stage.at(4_200, () => stage.draft('deleted', 'ada', 3))
      stage.at(4_300, () => stage.mail('more', 'cleo', ['ada'], 3))
      stage.at(4_350, () => stage.say('star', 'more', 'ada', 3))
      stage.at(4_400, () => stage.mark('deletion', 'more', 'cleo', 3))
      stage.at(4_500, () => stage.mark('deletion', 'early', 'ada', 3))
      stage.at(5_000, () => stage.mark('deletion', 'early', 'cleo', 1))
      stage.at(5_500, () => stage.mark('read', 'last', 'ada', 2))
      stage.at(5_600, () => stage.mark('deletion', 'more', 'ada', 2))
    },
  },
  'old copy and a newcomer': {
    seats: 2,
    lastsMs: 11_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 2)
      stage.at(2_000, () => stage.mail('early', 'ada', ['bob', 'cleo'], 2))
      stage.at(2_300, () => stage.copy(2))
      stage.at(2_400, () => stage.mail('after', 'ada', ['bob'], 2))
      stage.at(2_600, () => stage.mark('deletion', 'early', 'bob', 2))
      stage.at(2_800, () => stage.mark('deletion', 'early', 'ada', 1))
      stage.at(2_900, () => stage.mark('deletion', 'early', 'cleo', 2))
      chatter(stage, 3_000, 8, 1)
      hush(stage, 3_000, 5, 1, 3_400)
      stage.at(4_500, () => stage.join(anySeat))
      stage.at(4_700, () => stage.mail('late', 'bob', ['ada'], 2))
      stage.at(5_000, () => stage.mark('deletion', 'after', 'ada', 2))
      stage.at(5_100, () => stage.mark('deletion', 'after', 'bob', 1))
      stage.at(6_500, () => stage.mail('last', 'bob', ['ada'], 3, 'fails over'))
    },
  },
  'let in by an old copy': {
    seats: 2,
    lastsMs: 11_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 2)
      stage.at(2_000, () => stage.mail('early', 'ada', ['bob'], 2))
      stage.at(2_200, () => stage.copy(2))
      stage.at(2_300, () => stage.part([1]))
      stage.at(2_400, () => stage.join(anySeat))
      stage.at(2_900, () => stage.mail('new', 'bob', ['ada', 'cleo'], 3))
      stage.at(3_300, () => stage.mark('deletion', 'early', 'ada', 2))
      stage.at(3_600, () => stage.mark('deletion', 'early', 'bob', 3))
      stage.at(4_200, () => stage.meet([1]))
      stage.at(4_400, () => stage.mail('again', 'ada', ['bob'], 2))
      stage.at(4_600, () => stage.join(anySeat))
      stage.at(5_500, () => stage.mark('deletion', 'new', 'cleo', 1))
      stage.at(6_000, () => stage.mail('last', 'cleo', ['ada'], 3))
    },
  },
  'retired by an old copy': {
    seats: 3,
    lastsMs: 12_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.copy(1))
      stage.at(2_020, () => stage.copy(2))
      stage.at(2_100, () => stage.mail('alone', 'cleo', ['ada', 'bob'], 3))
      stage.at(2_200, () => {
        stage.crash(3)
        const gone = stage.machine(3)
        if (gone === undefined) return
        stage.at(2_250, () => stage.growth.retire(gone))
        stage.at(5_000, () => {
          if (!gone.isUp) gone.start()
        })
      })
      stage.at(2_900, () => stage.mail('one', 'ada', ['bob'], 1, 'fails over'))
      stage.at(3_200, () => stage.mark('deletion', 'one', 'bob', 2))
      stage.at(4_000, () => stage.mail('two', 'bob', ['ada'], 2))
      stage.at(4_400, () => stage.mark('deletion', 'one', 'ada', 1))
      stage.at(6_000, () => stage.mail('three', 'ada', ['bob'], 1))
    },
  },
  'given again to an old copy': {
    seats: 3,
    lastsMs: 10_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.copy(3))
      stage.at(2_030, () => stage.copy(2))
      stage.at(2_100, () => stage.mail('one', 'ada', ['bob', 'cleo'], 3))
      stage.at(2_150, () => stage.mail('two', 'cleo', ['ada'], 3))
      stage.at(2_300, () => stage.mark('deletion', 'one', 'bob', 3))
      stage.at(2_500, () => stage.again('one', 2))
      stage.at(2_800, () => stage.mark('deletion', 'one', 'ada', 2))
      stage.at(3_400, () => stage.mark('deletion', 'one', 'cleo', 3))
      stage.at(3_800, () => stage.again('one', 3))
      stage.at(3_850, () => stage.again('two', 3))
      stage.at(3_900, () => stage.again('two', 2))
      stage.at(4_300, () => stage.say('star', 'two', 'ada', 3))
      stage.at(4_700, () => stage.deleteAccount('cleo', 3))
      stage.at(5_000, () => stage.mail('three', 'bob', ['ada'], 3))
      stage.at(5_400, () => stage.mark('deletion', 'two', 'ada', 1))
    },
  },
  'both from old copies': {
    seats: 2,
    lastsMs: 10_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 2)
      stage.at(2_000, () => stage.mail('early', 'ada', ['bob'], 1))
      stage.at(2_100, () => stage.copy(1))
      stage.at(2_150, () => stage.copy(2))
      stage.at(2_200, () => stage.mail('one', 'ada', ['bob'], 1))
      stage.at(2_250, () => stage.mail('two', 'bob', ['ada'], 2))
      stage.at(2_500, () => stage.mark('deletion', 'early', 'ada', 2))
      stage.at(2_700, () => stage.mark('deletion', 'two', 'ada', 1))
      stage.at(3_000, () => stage.mark('deletion', 'early', 'bob', 1))
      stage.at(3_300, () => stage.mail('three', 'ada', ['bob', 'cleo'], 2))
      stage.at(3_700, () => stage.mark('deletion', 'two', 'bob', 1))
      stage.at(4_000, () => stage.mail('four', 'bob', ['ada'], 1))
      stage.at(4_400, () => stage.mark('deletion', 'four', 'ada', 1))
      stage.at(4_800, () => stage.mark('deletion', 'four', 'bob', 2))
    },
  },
  'everybody starts over': {
    seats: 3,
    lastsMs: 13_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.mail('early', 'ada', ['bob'], 1))
      stage.at(2_100, () => stage.copy(2))
      stage.at(2_200, () => stage.mail('one', 'bob', ['ada', 'cleo'], 2))
      stage.at(2_500, () => stage.mark('deletion', 'early', 'bob', 2))
      stage.at(2_900, () => {
        for (const machine of stage.world.lasting()) startOver(machine, null)
      })
      stage.at(3_300, () => stage.mail('two', 'ada', ['bob'], 3))
      stage.at(4_000, () => stage.mark('deletion', 'early', 'ada', 1))
      stage.at(5_000, () => stage.mark('deletion', 'one', 'cleo', 3))
      stage.at(6_000, () => stage.mark('deletion', 'one', 'bob', 1))
      stage.at(7_000, () => stage.mark('deletion', 'one', 'ada', 2))
    },
  },
  'let in by who was let in by an old copy': {
    seats: 2,
    lastsMs: 11_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 2)
      stage.at(2_000, () => stage.copy(2))
      stage.at(2_050, () => stage.part([1]))
      stage.at(2_100, () => stage.join(anySeat, 2))
      stage.at(2_800, () => stage.copy(3))
      stage.at(2_850, () => stage.join(anySeat, 3))
      stage.at(3_300, () => stage.mail('new', 'bob', ['ada', 'cleo'], 4))
      stage.at(3_400, () => stage.mail('newer', 'ada', ['bob'], 3))
      stage.at(4_500, () => stage.meet([1]))
      stage.at(5_000, () => stage.mark('deletion', 'new', 'ada', 1))
      stage.at(5_500, () => stage.mail('last', 'cleo', ['ada'], 3))
    },
  },
  'an old copy from before the new key': {
    seats: 3,
    lastsMs: 11_000,
    has: ['keys'],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.copy(2, 3_200))
      stage.at(2_050, () => stage.copy(3, 3_200))
      stage.at(2_300, () => stage.when(1, (machine) => stage.world.keyChanges?.change(machine)))
      stage.at(2_500, () => stage.mail('one', 'ada', ['bob', 'cleo'], 2))
      stage.at(3_400, () => stage.mail('two', 'bob', ['ada'], 2))
      stage.at(3_600, () => stage.mark('deletion', 'one', 'bob', 3))
      stage.at(4_000, () => stage.join(anySeat, 1))
      stage.at(4_500, () => stage.mail('three', 'cleo', ['ada'], 3))
    },
  },
} as const satisfies Readonly<Record<string, Scenario>>
