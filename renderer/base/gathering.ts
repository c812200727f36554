/** Carries `work` out once for all calls within `gatheringMs` of the first of them: after that time, for a single call, too. */
export const gathering = (work: () => void, gatheringMs: number): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | null = null
  return () => {
    timer ??= setTimeout(() => {
      timer = null
      work()
    }, gatheringMs)
  }
}
