import type { Clock } from './ids.ts'

const microsPerMs = 1_000

/** Milliseconds since 1970 of a clock value, which counts microseconds. */
export const clockToMs = (clock: Clock): number => Math.floor(clock / microsPerMs)

/** The clock value of a time in milliseconds since 1970, or of a span of time. */
export const msToClock = (ms: number): Clock => ms * microsPerMs
