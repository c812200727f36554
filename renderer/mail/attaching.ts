import type { Attachment, FileData } from '../../replica/client/contract/mailbox.ts'
import { showFailure, showNote } from '../base/toasts.ts'
import { client } from '../bridge.ts'
import { smallerPicture } from './smaller-picture.ts'

/** A larger picture is made smaller, so that several find room in a mail. */
const pictureBytes = 340_000

const base64Of = (file: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () => {
      const url = typeof reader.result === 'string' ? reader.result : ''
      resolve(url.slice(url.indexOf(',') + 1))
    })
    reader.addEventListener('error', () => reject(new Error('The file cannot be read.')))
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
export const attachFile = async (file: File, room: number): Promise<Attachment | null> => {
  try {
    const data = await dataOf(file, room)
    return data && (await client.attach(data))
  } catch (error) {
    showFailure('mail.files.notAttached', error)
    return null
  }
}
