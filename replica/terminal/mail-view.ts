import type { Header, Mail } from '../client/contract/mailbox.ts'
import { isDeletedName, nameBeforeDeletion } from '../core/model/deleted-name.ts'
import { shownFile } from './file-size.ts'
import { longDate, shortDate } from './dates.ts'
import type { Style } from './style.ts'
import { fitted, printable, printableLine, wrapped } from './text-width.ts'

export interface Layout {
  readonly columns: number
  readonly nowMs: number
  readonly style: Style
}

const numberColumns = 4
const dateColumns = 11
const deleted = '(deleted account)'

/** One line a header: number, whether it is unread, the other person, subject, date. */
export const headerLine = (number: number, header: Header, person: 'from' | 'to', layout: Layout): string => {
  const { columns, nowMs, style } = layout
  const rest = Math.max(20, columns - numberColumns - dateColumns - 6)
  const nameColumns = Math.min(24, Math.floor(rest / 3))
  const name = person === 'from' ? senderOf(header) : recipientsOf(header)
  const subject = printableLine(header.subject) || '(no subject)'
  const written = header.writtenAt === undefined ? '' : `(written ${shortDate(header.writtenAt, nowMs)}) `
  const line = [
    `${header.read ? ' ' : '*'}${String(number).padStart(numberColumns - 1)}`,
    fitted(name, nameColumns),
    fitted(`${written}${subject}`, rest - nameColumns),
    shortDate(header.sentAt, nowMs).padStart(dateColumns),
  ].join('  ')
  return header.read ? line : style.bold(line)
}

export const mailLines = (mail: Mail, { columns, style }: Layout): readonly string[] => {
  const subject = printableLine(mail.subject)
  return [
    `${style.dim('From:   ')} ${shownName(mail.from)}`,
    ...(mail.fromAnother === undefined ? [] : [style.bold(anotherLine(mail.from))]),
    `${style.dim('To:     ')} ${mail.to.map(shownName).join(', ')}`,
    ...(mail.cc.length > 0 ? [`${style.dim('Cc:     ')} ${mail.cc.map(shownName).join(', ')}`] : []),
    ...(mail.toOthers ?? []).map((name) => style.bold(toAnotherLine(name))),
    `${style.dim('Date:   ')} ${longDate(mail.sentAt)}`,
    ...(mail.writtenAt === undefined
      ? []
      : [`${style.dim('Written:')} ${longDate(mail.writtenAt)}, by the clock of its writer`]),
    `${style.dim('Subject:')} ${style.bold(subject === '' ? '(no subject)' : subject)}`,
    ...(mail.attachments.length > 0
      ? [`${style.dim('Files:  ')} ${mail.attachments.map(shownFile).join(', ')}; save N writes them to the disk`]
      : []),
    '',
    ...wrapped(printable(mail.body), columns),
  ]
}

/** Before the name, where it is seen also when that is cut. */
export const senderOf = ({ from, fromAnother, unproven }: Header): string => {
  if (unproven !== undefined) return `(unproven) ${shownName(from)}`
  return fromAnother === undefined ? shownName(from) : `(another!) ${shownName(from)}`
}

const recipientsOf = ({ to, toOthers = [] }: Header): string =>
  to.map((name) => (toOthers.includes(name) ? `(another!) ${shownName(name)}` : shownName(name))).join(', ')

const toAnotherLine = (name: string): string =>
  `This did not go to the ${shownName(name)} whom you know: another account is called so here. words ${shownName(name)} says more.`

const anotherLine = (name: string): string =>
  `This is not from the ${shownName(name)} whom you know: another account wrote it. words ${shownName(name)} says more.`

/** A deleted account has at most the name by which the person knew it. */
export const shownName = (name: string): string =>
  isDeletedName(name) ? `${printableLine(nameBeforeDeletion(name))} ${deleted}`.trimStart() : printableLine(name)
