import type { ClientScenario } from './client-explore.ts'
import type { ClientStage } from './client-stage.ts'

/** Ada's server is the first, Bob's the second; things go wrong at Ada's. */
export const clientScenarios: Readonly<Record<string, ClientScenario>> = {
  'sent, answered, forwarded': {
    lastsMs: 15_000,
    play: (stage) => {
      stage.at(100, () => stage.send('ada', 'hello', { to: ['bob'] }))
      stage.at(300, () => stage.send('bob', 'question', { to: ['ada'], file: 'new' }))
      stage.at(700, () => stage.send('ada', 'answer', { to: ['bob'], answers: 'question' }))
      stage.at(1_100, () => stage.send('ada', 'forwarded', { to: ['bob', 'ada'], file: { of: 'question' } }))
      stage.at(1_500, () => stage.send('ada', 'with a file', { to: ['bob'], file: 'new' }))
    },
  },
  'sent, and taken back': {
    lastsMs: 20_000,
    play: (stage) => {
      stage.at(100, () => stage.send('ada', 'taken back', { to: ['bob'], holdMs: 5_000 }))
      stage.at(300, () => stage.send('ada', 'let go', { to: ['bob'], holdMs: 1_500 }))
      stage.at(500, () => stage.send('ada', 'a draft again', { to: ['bob'], holdMs: 5_000 }))
      stage.at(1_200, () => stage.undo('ada', 'taken back'))
      stage.at(1_500, () => stage.undo('ada', 'a draft again', 'draft'))
      stage.at(1_850, () => stage.undo('ada', 'let go'))
    },
  },
  'to somebody who appears later': {
    lastsMs: 25_000,
    play: (stage) => {
      stage.at(100, () => stage.part())
      stage.at(200, () => stage.signUp('cleo', 2))
      stage.at(4_000, () => stage.send('ada', 'to cleo', { to: ['cleo', 'bob'] }))
      stage.at(4_300, () => stage.send('ada', 'held for cleo', { to: ['cleo'], holdMs: 1_000 }))
      stage.at(6_500, () => stage.meet())
    },
  },
  'a draft is written': {
    lastsMs: 15_000,
    play: (stage) => {
      stage.at(100, () => stage.draft('ada', 'first', 'one'))
      stage.at(600, () => stage.draft('ada', 'first', 'one two'))
      stage.at(900, () => stage.draft('ada', 'second', 'to be thrown away'))
      stage.at(1_300, () => stage.send('ada', 'first', { to: ['bob'], draft: 'first' }))
      stage.at(1_700, () => stage.discard('ada', 'second'))
      stage.at(2_000, () => stage.draft('ada', 'third', 'stays'))
    },
  },
  'a draft is written on two sides': {
    lastsMs: 20_000,
    play: (stage) => {
      stage.at(100, () => stage.draft('ada', 'shared', 'one'))
      stage.at(1_500, () => stage.part())
      stage.at(1_700, () => stage.draft('ada', 'shared', 'one, and here'))
      stage.at(2_500, () => stage.moveTo('ada', 'a laptop', 2))
      stage.at(4_500, () => stage.draft('ada', 'shared', 'one, and there'))
      stage.at(6_500, () => stage.moveTo('ada', "ada's machine", 1))
      stage.at(9_000, () => stage.meet())
    },
  },
  'what was deleted is forgotten': { lastsMs: 30_000, forgets: 'soon', play: (stage) => forgetful(stage) },
  'what was deleted is forgotten, without servers on the machines': {
    lastsMs: 30_000,
    forgets: 'soon',
    machines: 'without servers',
    play: (stage) => forgetful(stage),
  },
  'read, marked, thrown away': {
    lastsMs: 15_000,
    play: (stage) => {
      for (const [index, words] of ['one', 'two', 'three', 'four'].entries())
        stage.at(50 + index * 20, () => stage.send('bob', words, { to: ['ada'] }))
      stage.at(600, () => stage.read('ada', 'one'))
      stage.at(800, () => stage.mark('ada', 'one', 'star'))
      stage.at(1_000, () => stage.mark('ada', 'one', 'unread'))
      stage.at(1_200, () => stage.mark('ada', 'two', 'trash'))
      stage.at(1_400, () => stage.mark('ada', 'three', 'trash'))
      stage.at(1_600, () => stage.mark('ada', 'three', 'restore'))
      stage.at(1_800, () => stage.remove('ada', 'four'))
      stage.at(2_200, () => stage.emptyTrash('ada'))
      stage.at(2_500, () => stage.mark('ada', 'one', 'unstar'))
    },
  },
  'the trash is emptied at a server that lags': {
    lastsMs: 25_000,
    play: (stage) => {
      for (const [index, words] of ['one', 'two'].entries())
        stage.at(50 + index * 20, () => stage.send('bob', words, { to: ['ada'] }))
      stage.at(600, () => stage.mark('ada', 'one', 'trash'))
      stage.at(800, () => stage.part())
      stage.at(1_000, () => stage.mark('ada', 'two', 'trash'))
      stage.at(1_500, () => stage.hang('ada', 1, 6_000))
      stage.at(5_500, () => stage.emptyTrash('ada'))
      stage.at(9_000, () => stage.meet())
    },
  },
  'posts, and follows': {
    lastsMs: 12_000,
    play: (stage) => {
      stage.at(100, () => stage.unposted('ada', 'half a post'))
      stage.at(400, () => stage.unposted('ada', 'a whole post'))
      stage.at(700, () => stage.post('ada', 'a whole post'))
      stage.at(1_000, () => stage.unposted('ada', ''))
      stage.at(1_300, () => stage.follow('ada', 'bob', 'follow'))
      stage.at(1_600, () => stage.follow('ada', 'bob', 'unfollow'))
      stage.at(1_900, () => stage.follow('ada', 'bob', 'follow'))
    },
  },
  'logged in, and the password changed': {
    lastsMs: 15_000,
    from: 'the log-in',
    play: (stage) => {
      stage.at(1_500, () => stage.changePassword('ada', 'a new password'))
      stage.at(2_000, () => stage.logOut('ada'))
      stage.at(2_500, () => stage.send('ada', 'after the log-in', { to: ['bob'] }))
      stage.at(3_500, () => stage.resetPassword('ada', 'a password after that'))
    },
  },
  'signed up': {
    lastsMs: 16_000,
    hero: 'cleo',
    play: (stage) => {
      stage.signUp('cleo', 1)
      stage.at(600, () => stage.send('cleo', 'the first', { to: ['ada'] }))
      stage.at(1_000, () => stage.send('ada', 'welcome', { to: ['cleo'] }))
      stage.at(1_500, () => stage.read('cleo', 'welcome'))
    },
  },
  'ended while mails are held': {
    lastsMs: 15_000,
    play: (stage) => {
      stage.at(100, () => stage.send('ada', 'held', { to: ['bob'], holdMs: 8_000 }))
      stage.at(250, () => stage.send('ada', 'held, with a file', { to: ['bob'], holdMs: 8_000, file: 'new' }))
      stage.at(600, () => stage.restart('ada'))
      stage.at(1_500, () => stage.send('ada', 'held again', { to: ['bob'], holdMs: 8_000 }))
      stage.at(1_900, () => stage.logOut('ada'))
    },
  },
  'at two machines': {
    lastsMs: 15_000,
    play: (stage) => {
      stage.at(50, () => stage.send('ada', 'held', { to: ['bob'], holdMs: 3_000 }))
      stage.at(100, () => stage.draft('ada', 'begun', 'here'))
      stage.at(500, () => stage.moveTo('ada', 'a laptop', 2))
      stage.at(1_200, () => stage.draft('ada', 'begun', 'here and there'))
      stage.at(1_500, () => stage.undo('ada', 'held', 'draft'))
      stage.at(2_000, () => stage.moveTo('ada', "ada's machine", 1))
      stage.at(2_500, () => stage.send('ada', 'begun', { to: ['bob'], draft: 'begun' }))
      stage.at(2_700, () => stage.send('bob', 'question', { to: ['ada'] }))
    },
  },
  'taken back at another machine, which is cut off': {
    lastsMs: 20_000,
    play: (stage) => {
      stage.at(50, () => stage.send('ada', 'held', { to: ['bob'], holdMs: 6_000 }))
      stage.at(100, () => stage.send('ada', 'held for a draft', { to: ['bob'], holdMs: 6_000 }))
      stage.at(600, () => stage.moveTo('ada', 'a laptop', 2))
      stage.at(1_500, () => stage.part())
      stage.at(2_000, () => stage.undo('ada', 'held'))
      stage.at(2_100, () => stage.undo('ada', 'held for a draft', 'draft'))
      stage.at(2_500, () => stage.moveTo('ada', "ada's machine", 1))
      stage.at(9_000, () => stage.meet())
    },
  },
  'taken back at another machine, while the first is cut off': {
    lastsMs: 20_000,
    play: (stage) => {
      stage.at(50, () => stage.send('ada', 'held', { to: ['bob'], holdMs: 4_000 }))
      stage.at(500, () => stage.part())
      stage.at(600, () => stage.moveTo('ada', 'a laptop', 2))
      stage.at(2_000, () => stage.undo('ada', 'held'))
      stage.at(9_000, () => stage.meet())
    },
  },
  'one right after the other, and searched': {
    lastsMs: 15_000,
    searches: 'atLogIn',
    play: (stage) => {
      for (let index = 1; index <= 4; index += 1)
        stage.at(100, () => stage.send('ada', `burst ${index}`, { to: ['bob'] }))
      stage.at(500, () => stage.send('bob', 'one', { to: ['ada'] }))
      stage.at(520, () => stage.send('bob', 'two', { to: ['ada'] }))
      stage.at(1_500, () => stage.remove('ada', 'two'))
    },
  },
  'away, and back': {
    lastsMs: 40_000,
    play: (stage) => {
      stage.at(50, () => stage.send('bob', 'before', { to: ['ada'] }))
      stage.at(800, () => stage.hang('ada', 1, 60_000))
      stage.at(801, () => stage.hang('ada', 2, 14_000))
      stage.at(900, () => stage.send('ada', 'while away', { to: ['bob'], holdMs: 3_000 }))
      stage.at(1_000, () => stage.draft('ada', 'written away', 'text'))
      stage.at(1_100, () => stage.mark('ada', 'before', 'star'))
      stage.at(16_000, () => stage.send('ada', 'at the other server', { to: ['bob'] }))
    },
  },
}

/** Drafts, files and a waiting mail come and go before, in and after a split. */
const forgetful = (stage: ClientStage): void => {
  stage.at(100, () => stage.draft('ada', 'first', 'one'))
  stage.at(300, () => stage.draft('ada', 'second', 'to be thrown away'))
  stage.at(500, () => stage.send('ada', 'with a file', { to: ['bob'], file: 'new' }))
  stage.at(800, () => stage.send('ada', 'taken back', { to: ['bob'], holdMs: 4_000 }))
  stage.at(1_200, () => stage.discard('ada', 'second'))
  stage.at(1_500, () => stage.undo('ada', 'taken back', 'draft'))
  stage.at(3_000, () => stage.part())
  stage.at(3_500, () => stage.draft('ada', 'third', 'written apart'))
  stage.at(9_000, () => stage.send('ada', 'held', { to: ['bob'], holdMs: 8_000 }))
  stage.at(12_500, () => stage.meet())
  stage.at(16_000, () => stage.draft('ada', 'first', 'one two'))
  stage.at(20_000, () => stage.send('ada', 'third', { to: ['bob'], draft: 'third' }))
}
