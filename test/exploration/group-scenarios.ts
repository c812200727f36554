import { bringUpToDate } from '../simulation/versions.ts'
import { chatter, hush, signUpAll, type Scenario } from './scenario.ts'
import { anySeat, seatOf } from './stage.ts'

/** Machines that come, go and come back; keys; versions. */
export const groupScenarios = {
  'retired, replaced, and back': {
    seats: 3,
    lastsMs: 11_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.mail('all', 'ada', ['bob', 'cleo'], 1))
      stage.at(2_300, () => stage.part([3]))
      stage.at(2_400, () => stage.mail('alone', 'cleo', ['ada'], 3))
      const old = stage.machine.bind(stage, 3)
      stage.at(2_600, () => {
        const gone = old()
        gone?.crash()
        if (gone !== undefined) stage.growth.retire(gone)
        stage.meet([3])
        if (gone !== undefined)
          stage.at(4_300, () => {
            if (!gone.isUp) gone.start()
          })
      })
      stage.at(3_500, () => stage.mark('deletion', 'all', 'bob', 2))
      stage.at(5_000, () => stage.mail('again', 'bob', ['cleo'], 1))
      stage.at(6_000, () => stage.mark('read', 'again', 'cleo', 2))
    },
  },
  'two claim one seat': {
    seats: 2,
    lastsMs: 9_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 2)
      stage.at(2_000, () => stage.part([2]))
      stage.at(2_500, () => {
        stage.join(seatOf(5))
        stage.join(anySeat)
        stage.mail('one', 'ada', ['bob'], 1)
        stage.mail('two', 'bob', ['ada'], 2)
      })
      stage.at(2_700, () => stage.join(seatOf(5)))
      stage.at(4_000, () => stage.meet([2]))
      stage.at(5_000, () => stage.mail('three', 'ada', ['cleo'], 5, 'fails over'))
    },
  },
  'shut out with one away, two keys at once': {
    seats: 4,
    lastsMs: 14_000,
    has: ['keys'],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.mail('all', 'ada', ['bob', 'cleo'], 1))
      stage.at(2_300, () => stage.crash(4))
      stage.at(2_350, () => stage.part([3]))
      stage.at(2_500, () => {
        const gone = stage.machine(4)
        if (gone !== undefined) stage.growth.retire(gone)
      })
      stage.at(2_600, () => stage.when(3, (machine) => stage.world.keyChanges?.change(machine)))
      stage.at(2_900, () => stage.mail('then', 'cleo', ['ada'], 3))
      stage.at(4_500, () => stage.meet([3]))
    },
  },
  'two keys, and a newcomer': {
    seats: 2,
    lastsMs: 9_000,
    has: ['keys'],
    play: (stage) => {
      signUpAll(stage, 2)
      stage.at(2_000, () => stage.join(anySeat))
      stage.at(2_020, () => {
        stage.when(1, (machine) => stage.world.keyChanges?.change(machine))
        stage.when(2, (machine) => stage.world.keyChanges?.change(machine))
      })
      stage.at(3_500, () => stage.part([2]))
      stage.at(3_600, () => stage.when(2, (machine) => stage.world.keyChanges?.change(machine)))
      stage.at(3_700, () => stage.mail('one', 'ada', ['bob'], 1))
      stage.at(5_000, () => stage.meet([2]))
    },
  },
  'brought up to date in the middle': {
    seats: 3,
    lastsMs: 10_000,
    has: [],
    play: (stage) => {
      stage.at(1_400, () => {
        stage.crash(2)
        const machine = stage.machine(2)
        if (machine !== undefined) machine.version = 'former'
        stage.start(2)
      })
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.mail('one', 'ada', ['bob', 'cleo'], 1))
      stage.at(2_200, () => stage.say('star', 'one', 'bob', 1))
      stage.at(2_300, () => stage.draft('written', 'ada', 3))
      stage.at(2_400, () => stage.say('trash', 'one', 'cleo', 3))
      stage.at(2_500, () => stage.mark('deletion', 'one', 'ada', 2))
      chatter(stage, 2_600, 8, 2)
      stage.at(3_000, () => stage.draft('deleted', 'ada', 1))
      stage.at(3_100, () => stage.say('delete', 'one', 'cleo', 3))
      stage.at(3_700, () => stage.join(anySeat))
      stage.at(4_500, () => {
        const machine = stage.machine(2)
        if (machine !== undefined) bringUpToDate(machine)
        stage.start(2)
      })
      stage.at(5_000, () => stage.say('unstar', 'one', 'bob', 2))
      stage.at(5_200, () => stage.say('delete', 'one', 'bob', 3))
    },
  },
  'replaced, and back': {
    seats: 3,
    lastsMs: 11_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.mail('all', 'ada', ['bob', 'cleo'], 3))
      stage.at(2_100, () => stage.part([3]))
      stage.at(2_150, () => stage.mail('alone', 'cleo', ['ada'], 3))
      stage.at(2_180, () => stage.mark('deletion', 'all', 'cleo', 3))
      stage.at(2_400, () => {
        stage.crash(3)
        stage.meet([3])
        const gone = stage.machine(3)
        if (gone === undefined) return
        stage.join({ server: null, replaces: gone })
        stage.at(4_000, () => {
          if (!gone.isUp) gone.start()
        })
      })
      stage.at(2_600, () => stage.mark('deletion', 'all', 'ada', 1))
      stage.at(2_800, () => stage.mark('deletion', 'all', 'bob', 2))
      chatter(stage, 3_000, 8, 1)
      hush(stage, 3_000, 4, 2, 3_400)
      stage.at(4_500, () => stage.mail('later', 'bob', ['ada'], 3, 'fails over'))
    },
  },
} as const satisfies Readonly<Record<string, Scenario>>
