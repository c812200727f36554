export const plantedBugNames: readonly string[] = []
export const plantBug = (_name: string): void => undefined
