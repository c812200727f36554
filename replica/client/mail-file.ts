import { isDeletedName, nameBeforeDeletion } from '../core/model/deleted-name.ts'
import type { UpdateId } from '../core/model/ids.ts'
import type { FileData, Mail } from './contract/mailbox.ts'
import { fileName } from './file-name.ts'
import type { FileContent } from './mail-content.ts'

/** Names here are no addresses: a domain that there never is (RFC 2606) makes them some. */
const domain = 'quintet.invalid'
const dateChars = 16
const msPerMinute = 60_000
/** A mail or a folder of parts would be taken apart by who reads it, and stand there as it is: its text would be that of this mail. */
const containers = /^(?:message|multipart)\//
/** In a mail lines end with both (RFC 5322); the composer leaves out a CR that stands alone. */
const anyLineEnd = /\r\n?|\n/g
const anyBytes = 'application/octet-stream'

/** A mail as other mail programs read it (RFC 5322, MIME). The body is Markdown, which is text as it stands. */
export const mailFile = async (mail: Mail, files: readonly FileContent[]): Promise<FileData> => {
  // Loaded when it is needed, which is seldom.
  const [{ default: MailComposer }, { detectMimeType }] = await Promise.all([
    import('nodemailer/lib/mail-composer'),
    import('nodemailer/lib/mime-funcs'),
  ])
  const composer = new MailComposer({
    from: address(mail.from),
    to: mail.to.map(address),
    cc: mail.cc.map(address),
    subject: mail.subject,
    date: new Date(mail.sentAt),
    messageId: messageId(mail.mail),
    ...(mail.inReplyTo === null ? {} : { inReplyTo: messageId(mail.inReplyTo) }),
    // Without a text the only file would stand in its place.
    text: mail.body === '' ? '\r\n' : mail.body.replaceAll(anyLineEnd, '\r\n'),
    attachments: files.map(({ bytes }, index) => {
      const filename = mail.attachments[index]?.name ?? ''
      const type = detectMimeType(filename)
      return { filename, content: Buffer.from(bytes), contentType: containers.test(type) ? anyBytes : type }
    }),
    // What stands in a mail never names a file or an address to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const message = await composer.compile().build()
  const date = localTime(mail.sentAt).slice(0, dateChars).replace('T', ' ').replace(':', '.')
  return {
    name: emlName(`${date} ${nameBeforeDeletion(mail.from)} ${mail.subject}`),
    content: message.toString('base64'),
  }
}

/** By the clock on the wall here, as lists show it (ISO 8601 without the zone). */
const localTime = (ms: number): string => new Date(ms - new Date(ms).getTimezoneOffset() * msPerMinute).toISOString()

/** Cut in the middle rather than at the end, which says what it is. */
const emlName = (title: string): string => fileName(`${title.replaceAll(/[\\/]/g, ' ').trim()}.eml`)

const address = (name: string): { readonly name: string; readonly address: string } => {
  // Every character that stands in an address by itself (RFC 5322, `atext`), the others as their UTF-8 in hexadecimal.
  const local = encodeURIComponent(name === '' ? 'deleted account' : name).replaceAll(/[.()]/g, escaped)
  const shown = isDeletedName(name) ? `${nameBeforeDeletion(name)} (deleted account)`.trimStart() : name
  return { name: shown, address: `${local}@${domain}` }
}

const escaped = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`

const messageId = (mail: UpdateId): string => `<${mail.replace(':', '.')}@${domain}>`
