import { nextTick, watch, type ShallowRef } from 'vue'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { provideCommands } from '../shell/commands.ts'
import { useNavigation } from '../shell/navigation.ts'

/** Above the mail that was opened. */
const marginPixels = 12
/** Of what is in sight: the last lines stay there. */
const pagePart = 0.85

/** Where in a conversation the person reads: it is shown at the mail that was opened, and the space bar leads on. */
export const useReadingPlace = ({
  scroller,
  opened,
  count,
}: {
  readonly scroller: Readonly<ShallowRef<HTMLElement | null>>
  readonly opened: () => UpdateId | undefined
  /** Of mails in the conversation. */
  readonly count: () => number
}): void => {
  const navigation = useNavigation()
  let placedAt = 0

  const place = (box: HTMLElement): void => {
    const shown = box.querySelector<HTMLElement>('[data-opened]')
    // What can be seen whole from the beginning is, and what begins in sight: the subject stays there then.
    const isInSight =
      shown === null ||
      shown.offsetTop <= box.clientHeight / 2 ||
      shown.offsetTop + shown.offsetHeight <= box.clientHeight
    box.scrollTop = isInSight ? 0 : shown.offsetTop - marginPixels
    placedAt = box.scrollTop
  }
  watch(
    () => [opened(), count()] as const,
    async ([mail], [former]) => {
      await nextTick()
      const box = scroller.value
      // Who has read on stays there, whatever comes into the conversation.
      if (box !== null && (mail !== former || box.scrollTop === placedAt)) place(box)
    },
  )

  const read = (direction: 1 | -1) => (): void => {
    const box = scroller.value
    box?.scrollBy({ top: direction * box.clientHeight * pagePart })
  }
  const when = (): boolean => navigation.place.page === 'mail' && opened() !== undefined
  const hidden = { group: 'mail', inPalette: 'hidden', when } as const
  provideCommands([
    { ...hidden, id: 'readOn', label: 'mail.keys.readOn', keys: ['space'], run: read(1) },
    { ...hidden, id: 'readBack', label: 'mail.keys.readBack', keys: ['shift+space'], run: read(-1) },
  ])
}
