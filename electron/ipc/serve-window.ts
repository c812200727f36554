import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import type { AppHost } from '../contract/app-host.ts'
import type { Answer } from '../contract/bridge.ts'
import { isOwnPage } from '../window/app-protocol.ts'
import { answer, refused } from './answers.ts'
import { channels } from './channels.ts'
import { clientRequests } from './client-requests.ts'
import { hostRequests } from './host-requests.ts'

export interface WindowServices {
  readonly host: AppHost
  /** UNREACHABLE while no mailbox is open. */
  readonly client: () => MailClient
  /** Called after each request to the client, also one that failed: a log-out without a connection is one, too. */
  readonly clientCalled: (method: string) => void
  /** Whether these are the contents of the app's window. */
  readonly isWindow: (contents: WebContents) => boolean
}

/** Answers the window, and nobody else: a request counts only from the main frame of the app's own page in the app's own window. */
export const serveWindow = ({ host, client, clientCalled, isWindow }: WindowServices): void => {
  const isTrusted = ({ sender, senderFrame }: IpcMainInvokeEvent): boolean =>
    isWindow(sender) && senderFrame !== null && senderFrame.parent === null && isOwnPage(senderFrame.url)

  ipcMain.handle(
    channels.client,
    (event, method: unknown, request: unknown): Promise<Answer<unknown>> | Answer<never> => {
      if (!isTrusted(event)) return forged
      return answer(
        clientRequests,
        async (name, checked) => {
          try {
            return await callNamed(client(), name, checked)
          } finally {
            clientCalled(name)
          }
        },
        method,
        request,
      )
    },
  )
  ipcMain.handle(
    channels.host,
    (event, method: unknown, request: unknown): Promise<Answer<unknown>> | Answer<never> => {
      if (!isTrusted(event)) return forged
      return answer(hostRequests, (name, checked) => callNamed(host, name, checked), method, request)
    },
  )
}

const forged = refused('Only the window of Quintet itself may ask.')

/** `name` is one of the schemas' and `request` what its schema gave, so the method is there and fits. */
const callNamed = async (target: object, name: string, request: unknown): Promise<unknown> => {
  const method: unknown = Reflect.get(target, name)
  if (typeof method !== 'function') return Promise.reject(new Error(`${name} is not carried out`))
  return (method as (this: object, request: unknown) => Promise<unknown>).call(target, request)
}
