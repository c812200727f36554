import { serverId } from '../../replica/core/model/ids.ts'
import { chatter, hush, type Scenario, signUpAll } from './scenario.ts'
import type { Stage } from './stage.ts'

export const people = ['ada', 'bob', 'cleo'] as const
const everybody = (stage: Stage, words: string, seat: number): void => {
  for (const name of people) stage.mark('deletion', words, name, seat)
}

/** Server 3 is apart from 1 and 2; each side has retired the other; people go on at both, and 3 joins again by an invite of 1. */
const parted = (between: (stage: Stage) => void): Scenario => ({
  seats: 3,
  lastsMs: 20_000,
  has: [],
  play: (stage) => {
    signUpAll(stage, 3)
    stage.at(1_700, () => stage.signUp('dora', 1))
    const shared = ['read', 'starred', 'trashed', 'no more', 'of ada and bob', 'gone there', 'gone here']
    stage.at(2_000, () => {
      for (const words of shared) stage.mail(words, 'ada', ['bob', 'cleo'], 1)
      stage.post('taken back', 'cleo', 1)
      stage.follow('follows', 'bob', 'ada', 1)
      stage.draft('written', 'cleo', 1)
    })
    stage.at(2_100, () => stage.say('star', 'no more', 'cleo', 1))
    stage.at(2_600, () => stage.part([3]))
    stage.at(2_700, () => {
      stage.retire(1, 3)
      stage.retire(2, 3)
      stage.retire(3, 1)
    })
    stage.at(2_900, () => {
      everybody(stage, 'gone here', 1)
      stage.mail('of 1', 'ada', ['cleo'], 1)
    })
    stage.at(3_000, () => there(stage))
    between(stage)
    stage.at(9_000, () => stage.meet([3]))
    stage.at(10_000, () => stage.joinAgain(3, 1))
  },
})

/** What people do at server 3 alone. */
const there = (stage: Stage): void => {
  stage.mark('read', 'read', 'cleo', 3)
  stage.say('star', 'starred', 'cleo', 3)
  stage.say('trash', 'trashed', 'cleo', 3)
  stage.say('unstar', 'no more', 'cleo', 3)
  stage.mark('deletion', 'of ada and bob', 'cleo', 3)
  everybody(stage, 'gone there', 3)
  stage.takeBack('taken back', 'cleo', 3)
  stage.follow('not', 'bob', 'ada', 3)
  stage.follow('follows', 'cleo', 'ada', 3)
  stage.draft('deleted', 'cleo', 3)
  stage.draft('written', 'bob', 3)
  stage.deleteAccount('dora', 3)
  stage.mail('of 3', 'cleo', ['ada', 'bob'], 3)
  stage.say('star', 'of 3', 'ada', 3)
  stage.mark('deletion', 'of 3', 'bob', 3)
  stage.post('said there', 'bob', 3)
}

/** So much comes and goes that the log is discarded. */
const discarded = (stage: Stage): void => {
  for (const fromMs of [3_600, 4_400, 5_200, 6_000, 6_800]) {
    chatter(stage, fromMs, 8, 3)
    hush(stage, fromMs, 8, 3, fromMs + 300)
  }
}

/** Server 3 lets a machine in, which meets the others before it joins again. */
const withNewcomer = (stage: Stage): void => {
  stage.at(3_300, () => stage.join({ server: serverId(4), replaces: null }, 3))
  stage.at(4_500, () => {
    stage.mail('of 4', 'bob', ['cleo'], 4)
    stage.say('star', 'of 4', 'cleo', 4)
  })
  stage.at(12_000, () => stage.joinAgain(4, 1))
}

export const splitScenarios = {
  'retired each other': parted(() => undefined),
  'retired each other for long': parted(discarded),
} as const satisfies Readonly<Record<string, Scenario>>

/** Not explored: who hears of its own retirement before it has heard that whoever wrote it is retired, believes it, and has to join again as well. */
export const retiredBesideNewcomer = parted(withNewcomer)
