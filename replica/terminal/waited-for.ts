import type { Screen } from './screen.ts'

/** `of`, each answer of which is waited for only until the person presses Ctrl-C (`Interrupted`). What was asked for goes on by itself. */
export const waitedFor = <Of extends object>(of: Of, screen: Pick<Screen, 'waited'>): Of =>
  new Proxy(of, {
    get: (target, name): unknown => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...given: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, given)
        return answer instanceof Promise ? screen.waited(answer) : answer
      }
    },
  })
