import { anySeat } from './stage.ts'
import { chatter, hush, signUpAll, type Scenario } from './scenario.ts'

/** What people do with mail. */
export const mailScenarios = {
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
  'clocks that are off': {
    seats: 3,
    lastsMs: 9_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 3)
      stage.at(1_900, () => stage.when(2, (machine) => (machine.skewMs = -200_000)))
      stage.at(1_900, () => stage.when(3, (machine) => (machine.skewMs = 250_000)))
      stage.at(2_000, () => stage.mail('one', 'ada', ['bob', 'cleo'], 1))
      stage.at(2_200, () => stage.draft('written', 'ada', 3))
      stage.at(2_300, () => stage.say('star', 'one', 'bob', 3))
      stage.at(2_500, () => stage.part([2]))
      stage.at(2_600, () => stage.draft('deleted', 'ada', 2))
      stage.at(2_650, () => stage.say('trash', 'one', 'bob', 2))
      stage.at(2_700, () => stage.draft('written', 'ada', 1))
      stage.at(2_750, () => stage.say('unstar', 'one', 'bob', 1))
      stage.at(3_000, () => stage.when(3, (machine) => (machine.skewMs = -100_000)))
      stage.at(3_500, () => stage.meet([2]))
      stage.at(4_200, () => stage.say('restore', 'one', 'bob', 2))
      stage.at(4_500, () => stage.draft('deleted', 'ada', 3))
    },
  },
  'full disks beside a state transfer': {
    seats: 2,
    lastsMs: 10_000,
    has: [],
    play: (stage) => {
      signUpAll(stage, 2)
      chatter(stage, 1_800, 10, 1)
      hush(stage, 1_800, 6, 2, 2_200)
      stage.at(4_000, () => stage.join(anySeat))
      stage.at(4_100, () => stage.mail('one', 'ada', ['bob'], 2))
      stage.at(4_330, () => stage.when(3, (machine) => (machine.isFull = true)))
      stage.at(4_400, () => stage.mark('deletion', 'one', 'ada', 1))
      stage.at(4_500, () => stage.when(1, (machine) => (machine.isFull = true)))
      stage.at(4_600, () => stage.mark('deletion', 'one', 'bob', 2))
      stage.at(5_200, () => stage.machine(3)?.room())
      stage.at(5_600, () => stage.machine(1)?.room())
      chatter(stage, 6_000, 8, 3)
      hush(stage, 6_000, 8, 1, 6_400)
    },
  },
} as const satisfies Readonly<Record<string, Scenario>>
