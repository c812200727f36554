import { nextTick, onScopeDispose } from 'vue'
import type { ClientEvent } from '../../replica/client/contract/events.ts'
import { changeWords } from '../account/keys-change.ts'
import { showNote, showWarning } from '../base/toasts.ts'
import { onAppEvent, onClientEvent } from '../bridge.ts'
import { text } from '../locales/i18n.ts'
import { useCommands } from './commands.ts'
import { useNavigation } from './navigation.ts'

/** What the native menu, the tray and other clients of this person make the window do. */
export const useHostEvents = (): void => {
  const navigation = useNavigation()
  const commands = useCommands()

  const runCommand = (id: string): void => commands.registered.find((command) => command.id === id)?.run()

  const seeDrafts = { label: 'mail.seeDrafts', run: () => navigation.go('mail', 'drafts') } as const

  const warnOfKeys = ({ what, change }: Extract<ClientEvent, { event: 'keysChanged' }>): void => {
    const why =
      change === null
        ? text('shell.keysChanged.remedy')
        : [changeWords(change), text('shell.keysChanged.remedy')].join(' ')
    showWarning(text(`shell.keysChanged.${what}`), why, {
      label: 'shell.keysChanged.settings',
      run: () => navigation.go('settings', 'account'),
    })
  }

  onScopeDispose(
    onAppEvent((event) => {
      if (event.event !== 'command') return
      const { command } = event
      switch (command.kind) {
        case 'page':
          navigation.go(command.page)
          break
        case 'settings':
          navigation.go('settings')
          break
        case 'shortcuts':
          commands.isSheetOpen = true
          break
        case 'compose':
          navigation.go('mail', navigation.place.page === 'mail' ? navigation.place.at : null)
          runCommand('compose')
          break
        case 'search':
          navigation.go('mail', navigation.place.page === 'mail' ? navigation.place.at : null)
          // Its field can take the focus when the page is there again.
          void nextTick(() => runCommand('search'))
          break
        case 'print':
          runCommand('print')
          break
        case 'mail':
          navigation.go('mail', `inbox/${command.mail}`)
          break
      }
    }),
  )
  onScopeDispose(
    onClientEvent((event) => {
      if (event.event === 'keysChanged') warnOfKeys(event)
      if (event.event === 'draftKept') showNote('mail.draftKeptTwice', {}, seeDrafts)
      if (event.event === 'takenOver')
        showNote('shell.takenOver.text', { server: event.server, machine: event.machine })
    }),
  )
}
