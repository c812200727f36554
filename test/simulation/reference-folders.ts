import type { AccountId, UpdateId } from '../../replica/core/model/ids.ts'
import { updateId } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { markBits } from '../../replica/core/model/image.ts'
import type { MailRecord } from '../../replica/core/model/mail-columns.ts'
import { mailRecords } from '../../replica/core/model/mail-columns.ts'
import type { FolderName } from '../../replica/core/state/mail-folders.ts'

export interface PlainFolder {
  readonly mails: readonly UpdateId[]
  readonly unread: number
}

interface Seen {
  readonly mail: MailRecord
  readonly sent: boolean
  readonly received: boolean
  readonly unread: boolean
  readonly starred: boolean
  readonly trashed: boolean
}

/** What a person's folders must show, newest first, looked up mail by mail. */
export const foldersOf = (image: StateImage, account: AccountId): Readonly<Record<FolderName, PlainFolder>> => {
  const set = new Map(
    image.marks.flatMap((mark) =>
      mark.account === account ? [[updateId(mark.origin, mark.sequence), mark.registers]] : [],
    ),
  )
  const seen = Array.from(mailRecords(image.mails), (mail): Seen => {
    const has = (copy: number): boolean => ((mail.marks[copy] ?? 0) & markBits.deleted) === 0
    const place = mail.to.indexOf(account) + 1
    const received = place > 0 && has(place)
    const { read, star, trash } = set.get(updateId(mail.origin, mail.sequence)) ?? { read: 0, star: 0, trash: 0 }
    const unread = read > 0 ? read % 2 === 0 : received && ((mail.marks[place] ?? 0) & markBits.read) === 0
    return {
      mail,
      sent: mail.from === account && has(0),
      received,
      unread,
      starred: star % 2 === 1,
      trashed: trash % 2 === 1,
    }
  }).filter(({ sent, received }) => sent || received)
  const folder = (isIn: (found: Seen) => boolean): PlainFolder => {
    const found = seen.filter(isIn).sort(({ mail: one }, { mail: two }) => newestFirst(one, two))
    return {
      mails: found.map(({ mail }) => updateId(mail.origin, mail.sequence)),
      unread: found.filter(({ unread }) => unread).length,
    }
  }
  return {
    inbox: folder(({ received, trashed }) => received && !trashed),
    sent: folder(({ sent, trashed }) => sent && !trashed),
    starred: folder(({ starred, trashed }) => starred && !trashed),
    trash: folder(({ trashed }) => trashed),
  }
}

const newestFirst = (one: MailRecord, two: MailRecord): number => {
  if (one.clock !== two.clock) return two.clock - one.clock
  if (one.origin !== two.origin) return one.origin < two.origin ? 1 : -1
  return two.sequence - one.sequence
}
