import './native-work.ts'
import { ClientContext } from '../../../replica/client/client-context.ts'
import { Documents } from '../../../replica/client/documents.ts'
import { Drafts } from '../../../replica/client/drafts.ts'
import { Session } from '../../../replica/client/session.ts'
import { QuintetError } from '../../../replica/core/model/errors.ts'
import { updateId, originId } from '../../../replica/core/model/ids.ts'
import { replaceMethod as replace } from '../../simulation/replace-method.ts'

const nowhere = updateId(originId('1.aaaaaaaa'), 1)

/** Bugs of the client that somebody could make: exploration must find each. */
const bugs: Readonly<Record<string, () => void>> = {
  'a document is said to be written before it is': () => {
    replace(
      Documents.prototype,
      'write',
      (right) =>
        async function (this: Documents, ...given) {
          right.apply(this, given).catch(() => undefined)
          return nowhere
        },
    )
  },
  'a session that was taken over goes on': () => {
    replace(
      Session.prototype,
      'logIn',
      (right) =>
        async function (this: Session, api) {
          await right.call(this, api)
          return null
        },
    )
  },
  'of a draft that was written on two sides the last version is kept': () => {
    replace(Drafts.prototype, 'keepBoth', () => () => Promise.resolve())
  },
  'what no server has answered is taken for done': () => {
    replace(
      ClientContext.prototype,
      'submit',
      (right) =>
        async function (this: ClientContext, ...given) {
          return right.apply(this, given).catch((error: unknown) => {
            if (error instanceof QuintetError && error.code === 'UNREACHABLE') return { update: nowhere, clock: 1 }
            throw error
          })
        },
    )
  },
}

export const plantedClientBugs: readonly string[] = Object.keys(bugs)

/** From now on the bug is there, in all of this process. */
export const plantClientBug = (name: string): void => {
  bugs[name]?.()
}
