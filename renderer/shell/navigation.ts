import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

export const pageIds = ['mail', 'timeline', 'people', 'network', 'settings'] as const
export type PageId = (typeof pageIds)[number]

/** Where the person is. `at` is for the page: a folder, a person's name, a section. */
export interface Place {
  readonly page: PageId
  readonly at: string | null
}

/** So many places are remembered for going back. */
const rememberedPlaces = 50

/** A small router: the window has no address bar, and what it shows is no document. */
export const useNavigation = defineStore('navigation', () => {
  const place = shallowRef<Place>({ page: 'mail', at: null })
  const former = shallowRef<readonly Place[]>([])

  const go = (page: PageId, at: string | null = null): void => {
    if (place.value.page === page && place.value.at === at) return
    former.value = [...former.value.slice(1 - rememberedPlaces), place.value]
    place.value = { page, at }
  }

  /** As `go`, but going back leads past the place that is left now. */
  const replace = (page: PageId, at: string | null = null): void => {
    place.value = { page, at }
  }

  const back = (): void => {
    const last = former.value.at(-1)
    if (last === undefined) return
    former.value = former.value.slice(0, -1)
    place.value = last
  }

  return { place: computed(() => place.value), canGoBack: computed(() => former.value.length > 0), go, replace, back }
})
