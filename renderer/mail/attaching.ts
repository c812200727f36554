import { shallowReactive } from 'vue'
import type { Attachment, FileData } from '../../replica/client/contract/mailbox.ts'
import { showFailure, showNote } from '../base/toasts.ts'
import { client } from '../bridge.ts'
import { mailBytes, mailFiles } from './mail-limits.ts'
import { smallerPicture } from './smaller-picture.ts'

/** A larger picture is made smaller, so that several find room in a mail. */
const pictureBytes = 340_000

class NotReadable extends Error {}

const base64Of = (file: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () => {
      const url = typeof reader.result === 'string' ? reader.result : ''
      resolve(url.slice(url.indexOf(',') + 1))
    })
    // A folder, say, or a file that is gone.
    reader.addEventListener('error', () => reject(new NotReadable()))
    reader.readAsDataURL(file)
  })

/** The file as it is given to the client; null when it does not fit, which is told. */
const dataOf = async (file: File, room: number): Promise<FileData | null> => {
  const smaller = file.size > pictureBytes ? await smallerPicture(file, Math.min(pictureBytes, room)) : null
  const taken = smaller ?? file
  if (taken.size <= room) return { name: taken.name, content: await base64Of(taken) }
  showNote('mail.files.tooLarge', { name: file.name })
  return null
}

/** Gives a file to the client. Null when that could not be done, which is told. */
const attachFile = async (file: File, room: number): Promise<Attachment | null> => {
  try {
    const data = await dataOf(file, room)
    return data && (await client.attach(data))
  } catch (error) {
    if (error instanceof NotReadable) showNote('mail.files.notRead', { name: file.name })
    else showFailure('mail.files.notAttached', error)
    return null
  }
}

interface Attaching {
  readonly key: number
  readonly name: string
}

/** Null when it failed, which is told. */
type Give<Item> = (item: Item) => Promise<readonly Attachment[] | null>

/** What is attached to a letter that is being written: a file is with the client before the letter names it. */
export const createAttaching = (letter: { attachments: readonly Attachment[] }) => {
  /** Files that are on their way to the client. */
  const attaching = shallowReactive<Attaching[]>([])
  let lastFile = 0
  let work: Promise<unknown> = Promise.resolve()
  let failures = 0

  /** One after the other, each into what room is left; shown as on their way until then. */
  const attachEach = <Item>(
    items: readonly Item[],
    nameOf: (item: Item) => string,
    give: Give<Item>,
  ): Promise<void> => {
    const waiting = items.map((item) => ({ item, shown: { key: (lastFile += 1), name: nameOf(item) } }))
    attaching.push(...waiting.map(({ shown }) => shown))
    const given = work.then(async () => {
      for (const { item, shown } of waiting) {
        const attachments = await give(item)
        attaching.splice(attaching.indexOf(shown), 1)
        if (attachments === null) failures += 1
        else letter.attachments = [...letter.attachments, ...attachments]
      }
    })
    work = given
    return given
  }

  /** Waits for the files that are on their way; what could not be attached has been told. */
  const attached = async (): Promise<'all' | 'not all'> => {
    failures = 0
    await work
    return failures === 0 ? 'all' : 'not all'
  }

  const room = (): number => mailBytes - letter.attachments.reduce((sum, { size }) => sum + size, 0)
  const attach = (files: readonly File[]): Promise<void> => {
    const most = Math.max(0, mailFiles - letter.attachments.length - attaching.length)
    if (files.length > most) showNote('mail.files.tooMany', { most: mailFiles })
    return attachEach(
      files.slice(0, most),
      ({ name }) => name,
      async (file) => {
        const attachment = await attachFile(file, room())
        return attachment && [attachment]
      },
    )
  }
  /** The file stays with the client for a while, so that an undo can have it back. */
  const detach = (file: Attachment): void => {
    letter.attachments = letter.attachments.filter(({ attachment }) => attachment !== file.attachment)
  }

  return { attaching, attach, attachEach, detach, attached }
}
