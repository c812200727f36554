import { CheckCheck, CornerRightDown, ListChecks, Mail, MailOpen, PenLine, Star, Trash2, Undo2 } from '@lucide/vue'
import type { Header } from '../../replica/client/contract/mailbox.ts'
import { provideCommands, type Command } from '../shell/commands.ts'
import { useNavigation } from '../shell/navigation.ts'
import { useCompose } from './compose-store.ts'
import { folderViews } from './folder-views.ts'
import { useMailActions } from './mail-actions.ts'
import { useMailView } from './mail-view.ts'

const pageRows = 10

/** Gmail's habits, as far as there is such a thing here. */
export const useMailCommands = (): void => {
  const navigation = useNavigation()
  const compose = useCompose()

  const goTo: readonly Command[] = folderViews.map(({ id, icon, keys }) => ({
    id: `folder-${id}`,
    label: `mail.folders.${id}` as const,
    icon,
    group: 'go',
    keys: [keys],
    run: () => useMailView().goTo(id),
  }))
  const when = (): boolean => navigation.place.page === 'mail'
  const ofMail = (commands: readonly Command[]): readonly Command[] => commands.map((command) => ({ when, ...command }))

  provideCommands([
    ...goTo,
    { id: 'compose', label: 'mail.compose', group: 'mail', icon: PenLine, keys: ['c'], run: () => compose.begin() },
    ...ofMail(movements()),
    ...ofMail(marks()),
  ])
}

const movements = (): readonly Command[] => {
  const mail = useMailView()
  /** With a mail open the next one opens; in the list alone only the cursor moves. */
  const move = (rows: number) => (): void => {
    const header = mail.moveCursor(mail.cursor + rows)
    if (header !== undefined && mail.openMail !== null) mail.open(header.mail)
  }
  const openCursor = (): void => {
    const header: Header | undefined = mail.cursorHeader
    if (header !== undefined) mail.open(header.mail)
  }
  const hidden = { group: 'list', inPalette: 'hidden' } as const
  return [
    { ...hidden, id: 'down', label: 'mail.keys.down', keys: ['j', 'arrowdown'], run: move(1) },
    { ...hidden, id: 'up', label: 'mail.keys.up', keys: ['k', 'arrowup'], run: move(-1) },
    { ...hidden, id: 'pageDown', label: 'mail.keys.pageDown', keys: ['pagedown'], run: move(pageRows) },
    { ...hidden, id: 'pageUp', label: 'mail.keys.pageUp', keys: ['pageup'], run: move(-pageRows) },
    { ...hidden, id: 'first', label: 'mail.keys.first', keys: ['home'], run: move(-Infinity) },
    { ...hidden, id: 'last', label: 'mail.keys.last', keys: ['end'], run: move(Infinity) },
    {
      ...hidden,
      id: 'open',
      label: 'mail.keys.open',
      keys: ['o', 'enter'],
      run: openCursor,
    },
    {
      ...hidden,
      id: 'toList',
      label: 'mail.backToList',
      keys: ['u', 'escape'],
      run: () => {
        if (mail.openMail !== null) mail.closeMail()
        else if (mail.selection.mails.size > 0) mail.selectNone()
        else if (mail.isSearching) void mail.search('')
      },
    },
    {
      ...hidden,
      id: 'select',
      label: 'mail.select',
      keys: ['x'],
      run: () => {
        if (mail.cursorHeader !== undefined) mail.toggle(mail.cursorHeader.mail)
      },
    },
    {
      ...hidden,
      id: 'extend',
      label: 'mail.keys.extend',
      keys: ['shift+x'],
      run: () => {
        if (mail.cursorHeader !== undefined) mail.extendTo(mail.cursorHeader.mail)
      },
    },
  ]
}

const marks = (): readonly Command[] => {
  const mail = useMailView()
  const actions = useMailActions()
  const isStarred = (): boolean =>
    mail.list?.rows.value.headersOf(new Set(mail.concerned)).every(({ starred }) => starred) === true
  return [
    {
      id: 'selectAll',
      label: 'mail.selectAll',
      group: 'list',
      icon: ListChecks,
      keys: ['mod+a', '* a'],
      run: () => void mail.selectAll(),
    },
    {
      id: 'star',
      label: 'mail.keys.star',
      group: 'mail',
      icon: Star,
      keys: ['s'],
      run: () => void actions.mark(mail.concerned, isStarred() ? 'unstar' : 'star'),
    },
    {
      id: 'discard',
      label: 'mail.keys.discard',
      group: 'mail',
      icon: Trash2,
      keys: ['#', 'delete'],
      run: () => actions.discard(mail.concerned),
    },
    {
      id: 'restore',
      label: 'mail.restore',
      group: 'mail',
      icon: Undo2,
      keys: ['shift+z'],
      when: () => mail.areInTrash(mail.concerned),
      run: () => void actions.mark(mail.concerned, 'restore'),
    },
    {
      id: 'markRead',
      label: 'mail.markRead',
      group: 'mail',
      icon: MailOpen,
      keys: ['shift+i'],
      run: () => void actions.mark(mail.concerned, 'read'),
    },
    {
      id: 'markUnread',
      label: 'mail.markUnread',
      group: 'mail',
      icon: Mail,
      keys: ['shift+u'],
      run: () => void actions.mark(mail.concerned, 'unread'),
    },
    {
      id: 'nextUnread',
      label: 'mail.nextUnread',
      group: 'mail',
      icon: CornerRightDown,
      keys: ['n'],
      when: () => mail.list !== null,
      run: () => void actions.openUnread(),
    },
    {
      id: 'markAllRead',
      label: 'mail.markAllRead',
      group: 'list',
      icon: CheckCheck,
      keys: ['shift+c'],
      when: () => mail.list !== null,
      run: () => void actions.markAllRead(),
    },
    {
      id: 'undo',
      label: 'mail.keys.undo',
      group: 'mail',
      keys: ['z'],
      when: () => actions.canUndo,
      run: () => actions.undo(),
    },
  ]
}
