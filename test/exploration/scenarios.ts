import { bringUpToDate } from '../simulation/versions.ts'
import type { Stage } from './stage.ts'
import { anySeat, seatOf } from './stage.ts'

export interface Scenario {
  readonly seats: number
  readonly lastsMs: number
  readonly has: readonly ('keys' | 'log-ins')[]
  readonly play: (stage: Stage) => void
}

/** The group is founded, and these have come. */
const calmMs = 1_500

const signUpAll = (stage: Stage, seats: number): void => {
  for (const [index, name] of ['ada', 'bob', 'cleo'].entries())
    stage.at(calmMs + 40 * index, () => stage.signUp(name, (index % seats) + 1))
}

/** So many mails that a snapshot is written, and the log is discarded. */
const chatter = (stage: Stage, fromMs: number, count: number, seat: number): void => {
  for (let index = 0; index < count; index += 1)
    stage.at(fromMs + 30 * index, () => stage.mail(`chatter ${fromMs} ${index}`, 'ada', ['bob'], seat))
}

/** The chatter is deleted by both. */
const hush = (stage: Stage, fromMs: number, count: number, seat: number, atMs: number): void => {
  for (let index = 0; index < count; index += 1)
    for (const name of ['ada', 'bob'])
      stage.at(atMs + 20 * index, () => stage.mark('deletion', `chatter ${fromMs} ${index}`, name, seat))
}

export const scenarios = {
  'mail across a split': {
    seats: 3,
    lastsMs: 9_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.mail('before', 'ada', ['bob', 'cleo'], 1))
      stage.at(2_400, () => stage.part([3]))
      stage.at(2_600, () => {
        stage.mail('here', 'ada', ['bob', 'cleo'], 1, 'fails over')
        stage.mail('there', 'cleo', ['ada', 'bob'], 3)
        stage.mark('read', 'before', 'cleo', 3)
        stage.mark('deletion', 'before', 'ada', 1)
        stage.mark('deletion', 'before', 'bob', 2)
      })
      stage.at(3_200, () => stage.mark('deletion', 'before', 'cleo', 3))
      stage.at(4_000, () => stage.meet([3]))
      stage.at(4_400, () => {
        stage.mark('deletion', 'there', 'ada', 2)
        stage.mark('deletion', 'there', 'bob', 1)
        stage.mark('deletion', 'there', 'cleo', 3)
        stage.mark('read', 'here', 'cleo', 3)
      })
    },
  },
  'newcomer while mails are deleted': {
    seats: 2,
    lastsMs: 11_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 2)
      chatter(stage, 1_800, 10, 1)
      hush(stage, 1_800, 6, 2, 2_200)
      stage.at(4_000, () => stage.mail('kept', 'bob', ['ada', 'cleo'], 2))
      stage.at(5_000, () => stage.join(anySeat))
      stage.at(5_050, () => stage.mark('deletion', 'kept', 'bob', 2))
      stage.at(5_100, () => stage.mark('deletion', 'kept', 'ada', 1))
      stage.at(5_150, () => stage.mark('deletion', 'kept', 'cleo', 1))
      chatter(stage, 5_200, 8, 2)
      hush(stage, 5_200, 4, 1, 5_600)
    },
  },
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
  'account deleted, mail under way': {
    seats: 3,
    lastsMs: 8_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.mail('first', 'ada', ['bob', 'cleo'], 1))
      stage.at(2_100, () => stage.part([3]))
      stage.at(2_300, () => stage.deleteAccount('bob', 2))
      stage.at(2_350, () => stage.mail('second', 'cleo', ['bob', 'ada'], 3, 'fails over'))
      stage.at(2_400, () => stage.mail('third', 'cleo', ['bob'], 3))
      stage.at(2_450, () => stage.mark('deletion', 'first', 'cleo', 3))
      stage.at(2_500, () => stage.say('star', 'second', 'cleo', 3))
      stage.at(3_500, () => stage.meet([3]))
      stage.at(4_000, () => stage.mark('deletion', 'second', 'ada', 1))
      stage.at(4_100, () => stage.mark('deletion', 'third', 'cleo', 2))
    },
  },
  'log-in elsewhere': {
    seats: 3,
    lastsMs: 9_000,
    has: ['log-ins'],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.logIn('ada', 1))
      stage.at(2_500, () => stage.logIn('ada', 2))
      stage.at(2_900, () => stage.part([3]))
      stage.at(3_000, () => stage.logIn('ada', 3))
      stage.at(3_200, () => stage.logIn('ada', 1))
      stage.at(4_500, () => stage.meet([3]))
      for (const ms of [3_300, 5_000, 6_000, 7_000]) stage.at(ms, () => stage.world.logIns?.goOn())
    },
  },
  'given to two servers': {
    seats: 3,
    lastsMs: 9_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(2_000, () => stage.mail('one', 'ada', ['bob'], 1, 'fails over'))
      stage.at(2_050, () => stage.part([1]))
      stage.at(2_060, () => stage.again('one', 2))
      stage.at(2_400, () => stage.mark('deletion', 'one', 'bob', 2))
      stage.at(2_450, () => stage.mark('deletion', 'one', 'ada', 3))
      stage.at(2_500, () => stage.mark('read', 'one', 'bob', 1))
      stage.at(2_550, () => stage.mail('two', 'ada', ['bob', 'cleo'], 1))
      stage.at(2_600, () => stage.again('two', 3))
      stage.at(2_900, () => stage.say('star', 'two', 'cleo', 3))
      stage.at(3_000, () => stage.say('trash', 'two', 'bob', 1))
      stage.at(4_000, () => stage.meet([1]))
      stage.at(4_300, () => stage.say('restore', 'two', 'bob', 2))
      chatter(stage, 5_000, 8, 2)
    },
  },
  'damage beside compaction': {
    seats: 3,
    lastsMs: 9_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      chatter(stage, 1_900, 14, 1)
      hush(stage, 1_900, 7, 2, 2_400)
      for (const ms of [3_600, 4_300]) stage.at(ms, () => stage.when(2, (machine) => stage.faults.rot(machine)))
      stage.at(3_700, () => stage.mark('deletion', 'chatter 1900 9', 'ada', 2))
      stage.at(3_750, () => stage.mark('deletion', 'chatter 1900 9', 'bob', 1))
      chatter(stage, 4_400, 6, 3)
      hush(stage, 4_400, 3, 1, 4_800)
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
} as const satisfies Readonly<Record<string, Scenario>>
