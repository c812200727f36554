import { Keyboard, LogOut, Search } from '@lucide/vue'
import { pages } from '../pages/pages.ts'
import { provideCommands } from './commands.ts'
import { useCommands } from './commands.ts'
import { useLogOut } from './use-log-out.ts'
import { useNavigation } from './navigation.ts'

/** The commands that are there on every page. */
export const useWindowCommands = (): void => {
  const commands = useCommands()
  const navigation = useNavigation()
  const { logOut } = useLogOut()

  provideCommands([
    ...pages.map(({ id, label, icon, keys }) => ({
      id: `page-${id}`,
      label,
      icon,
      keys,
      group: 'go' as const,
      run: () => navigation.go(id),
    })),
    {
      id: 'palette',
      label: 'shell.palette.open',
      icon: Search,
      keys: ['mod+k'],
      group: 'window',
      inPalette: 'hidden',
      whileWriting: 'works',
      run: () => {
        commands.isPaletteOpen = true
      },
    },
    {
      id: 'shortcuts',
      label: 'shell.shortcuts.open',
      icon: Keyboard,
      keys: ['?'],
      group: 'window',
      run: () => {
        commands.isSheetOpen = true
      },
    },
    {
      id: 'logOut',
      label: 'shell.account.logOut',
      icon: LogOut,
      keys: [],
      group: 'window',
      run: () => void logOut(),
    },
  ])
}
