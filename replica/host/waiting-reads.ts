import { type Failure, toError } from '../core/model/errors.ts'
import type { ReplicaCore } from '../core/replica-core.ts'

interface WaitingRead {
  readonly look: (core: ReplicaCore) => void
  readonly refuse: (error: Error) => void
}

/** Looks at the core that wait until everything that it shows is durable. */
export class WaitingReads {
  #waiting: WaitingRead[] = []

  add<Value>(query: (core: ReplicaCore) => Value): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    const look = (core: ReplicaCore): void => {
      try {
        resolve(query(core))
      } catch (error) {
        reject(error)
      }
    }
    this.#waiting.push({ look, refuse: reject })
    return promise
  }

  answer(core: ReplicaCore): void {
    for (const { look } of this.#waiting.splice(0)) look(core)
  }

  /** When no step is under way any more. What one that failed for good (`failure`) has left in the core is on no disk. */
  end(core: ReplicaCore, failure: Failure | null): void {
    if (failure === null) this.answer(core)
    else for (const { refuse } of this.#waiting.splice(0)) refuse(toError(failure))
  }
}
