import type { DraftRecord, PostRecord } from './ledger.ts'
import { subjectOf, tokenOf } from './ledger.ts'
import { type Actor, heed } from './mail-acts.ts'

const draftBytesMost = 2_000
const passwords = 1_000_000
const listedPosts = 20

export const post = async (actor: Actor): Promise<void> => {
  const { person, ledger } = actor
  const token = ledger.nextToken()
  const record = ledger.postAsked(person.name, token, subjectOf(token, `a post of ${person.name}`))
  const came = await person.ask(
    'post',
    { text: record.text },
    {
      done: (answer) => {
        record.outcome = 'done'
        ledger.note({ posted: token, post: answer.post })
      },
      failed: () => {
        record.outcome = 'unknown'
      },
    },
  )
  if (came.kind === 'failed') await heed(actor, came.code)
}

export const takePostBack = async (actor: Actor): Promise<void> => {
  const { person, ledger, random } = actor
  const listed = await person.ask('posts', { name: person.name, limit: listedPosts })
  if (listed.kind !== 'answered') return
  const shown = random.pick(listed.answer.posts)
  const record = ledger.posts.get(tokenOf(shown?.text ?? '') ?? 0)
  if (shown === undefined || record?.deletion !== 'no') return
  ledger.note({ do: 'deletePost', who: person.name, token: record.token, post: shown.post })
  const came = await person.ask('deletePost', { post: shown.post }, removing(actor, record))
  if (came.kind === 'failed') await heed(actor, came.code)
}

export const draft = async (actor: Actor): Promise<void> => {
  const { person, ledger, random } = actor
  const token = ledger.nextToken()
  const body = Buffer.from(random.bytes(random.int(1, draftBytesMost))).toString('base64')
  const record = ledger.draftAsked({ token, person: person.name, subject: subjectOf(token, 'a draft'), body })
  const came = await person.ask(
    'saveDraft',
    { to: [], subject: record.subject, body },
    {
      done: (answer) => {
        record.outcome = 'done'
        record.draft = answer.draft
        ledger.note({ saved: token, draft: answer.draft })
      },
      failed: () => {
        record.outcome = 'unknown'
      },
    },
  )
  if (came.kind === 'failed') await heed(actor, came.code)
}

export const discardDraft = async (actor: Actor): Promise<void> => {
  const { person, ledger, random } = actor
  const own = [...ledger.drafts.values()].filter((one) => one.person === person.name && one.draft !== null)
  const record = random.pick(own)
  if (record?.deletion !== 'no') return
  ledger.note({ do: 'discardDraft', who: person.name, token: record.token })
  const came = await person.ask('discardDraft', { draft: record.draft }, removing(actor, record))
  if (came.kind === 'failed') await heed(actor, came.code)
}

const removing = ({ ledger }: Actor, record: PostRecord | DraftRecord) => {
  record.deletion = 'asked'
  return {
    done: (): void => {
      record.deletion = 'done'
      ledger.note({ removed: record.token })
    },
    failed: (): void => {
      record.deletion = 'unknown'
    },
  }
}

/** The server may know another of the passwords that the person has had than the latest. */
export const changePassword = async ({ person, ledger, random }: Actor): Promise<void> => {
  const newPassword = `password ${random.int(1, passwords)} of ${person.name}`
  const former = person.password.all
  ledger.note({ do: 'changePassword', who: person.name, newPassword })
  person.password.ask(newPassword)
  for (const password of former) {
    const came = await person.ask(
      'changePassword',
      { password, newPassword },
      {
        done: () => {
          person.password.acknowledge(newPassword)
          ledger.note({ changed: newPassword })
        },
        failed: () => undefined,
      },
    )
    if (came.kind !== 'failed' || came.code !== 'WRONG_PASSWORD') return
  }
}
