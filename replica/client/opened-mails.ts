import { LRUCache } from 'lru-cache'

import type { SealedMail } from '../api/contract.ts'
import { limits } from '../core/model/limits.ts'
import { headOf } from '../wire/payload-codec.ts'
import type { ClientContext } from './client-context.ts'
import type { AttachedFile } from './contract/mailbox.ts'
import type { HeaderContent } from './mail-content.ts'
import { payloadName } from './mail-opener.ts'
import type { Session } from './session.ts'

/** What is shown of a mail that is open. */
export interface OpenedContent extends HeaderContent {
  readonly body: string
  readonly attachments: readonly AttachedFile[]
}

/**
 * What was opened, without the bytes of its files: a conversation is looked at again whenever something changes in the mailbox, and its mails do not
 * change. By the hash of the mail without its body, which the sender has sealed once.
 */
export class OpenedMails {
  readonly #opened = new LRUCache<string, OpenedContent>({
    maxSize: limits.cachedDocumentBytes,
    sizeCalculation: ({ body, subject }) => 2 * (body.length + subject.length) + limits.sealedHeaderBytes,
  })

  constructor(context: ClientContext) {
    context.listen({
      loggedOut: () => {
        this.#opened.clear()
      },
    })
  }

  /** Of what was opened of this mail before. Null where the server says something else of it now than its sender, or nothing is known. */
  async get(session: Session, mail: SealedMail): Promise<OpenedContent | null> {
    const found = headOf(mail.payload)
    const opened = found.ok ? this.#opened.get(payloadName(found.value.head)) : undefined
    if (opened === undefined) return null
    const header = await session.opener.openHeader(mail).catch(() => null)
    return header?.isProven === true ? opened : null
  }

  /** `mail` is whole, and its sender's. */
  note(mail: SealedMail, content: OpenedContent): void {
    const found = headOf(mail.payload)
    if (found.ok) this.#opened.set(payloadName(found.value.head), content)
  }
}

/** Whether a list has given all of it, as it does of short ones. */
export const isWhole = ({ payload }: SealedMail): boolean => {
  const found = headOf(payload)
  return found.ok && found.value.bodyBytes > 0
}
