import { Forward, Printer, Reply, ReplyAll } from '@lucide/vue'
import type { Ref } from 'vue'
import type { Mail } from '../../replica/client/contract/mailbox.ts'
import { provideCommands } from '../shell/commands.ts'
import { useNavigation } from '../shell/navigation.ts'
import type { AnswerKind } from './answers.ts'
import { useCompose } from './compose-store.ts'
import { usePrinting } from './printing.ts'

/** `r`, `a`, `f` and printing for the mail that is open. */
export const useAnswerCommands = (current: Readonly<Ref<Mail | undefined>>): void => {
  const compose = useCompose()
  const navigation = useNavigation()
  const printing = usePrinting()
  const answer = (kind: AnswerKind) => (): void => {
    if (current.value !== undefined) compose.answer(current.value, kind)
  }
  const when = (): boolean => navigation.place.page === 'mail' && current.value !== undefined

  provideCommands([
    { id: 'reply', label: 'mail.reply', group: 'mail', icon: Reply, keys: ['r'], when, run: answer('reply') },
    {
      id: 'replyAll',
      label: 'mail.replyAll',
      group: 'mail',
      icon: ReplyAll,
      keys: ['a'],
      when,
      run: answer('replyAll'),
    },
    { id: 'forward', label: 'mail.forward', group: 'mail', icon: Forward, keys: ['f'], when, run: answer('forward') },
    {
      id: 'print',
      label: 'mail.print',
      group: 'mail',
      icon: Printer,
      keys: ['mod+p'],
      when,
      run: () => {
        printing.mail = current.value ?? null
      },
    },
  ])
}
