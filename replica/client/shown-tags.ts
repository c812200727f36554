import { LRUCache } from 'lru-cache'

import type { SealedMail } from '../api/contract.ts'
import type { Tag, UpdateId } from '../core/model/ids.ts'
import { anyTag, tagOf } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Meant } from '../core/model/meant.ts'
import { commandOf } from '../wire/payload-codec.ts'

/** Asks the replica what goes by these names there: one of each, null where there is nothing that the person has. */
type AskTags = (names: readonly UpdateId[]) => Promise<readonly (Tag | null)[]>

type Showing = 'shown' | 'told'

/**
 * What each name meant when this client showed it last. Where a log has forked one name means another mail at another server, or
 * later; whatever a person does to a mail is signed with the tag of what the person saw.
 */
export class ShownTags {
  readonly #tags = new LRUCache<UpdateId, Tag>({ max: limits.cachedIds })
  readonly #ask: AskTags

  constructor(ask: AskTags) {
    this.#ask = ask
  }

  /**
   * `told`: somebody is told of it without having asked. If the person has looked at another one by this name, that one is still
   * what the person sees.
   */
  note(id: UpdateId, tag: Tag, how: Showing = 'shown'): void {
    if (how === 'shown' || !this.#tags.has(id)) this.#tags.set(id, tag)
  }

  /** As `note`. A mail whose content storage has lost tells nothing. */
  noteMail({ mail, payload }: Pick<SealedMail, 'mail' | 'payload'>, how: Showing = 'shown'): void {
    const tag = tagIn(payload)
    if (tag !== anyTag) this.note(mail, tag, how)
  }

  /**
   * What was shown under these names; of others what goes by them at the replica now. Of several, those that are gone are left out,
   * unless all are.
   */
  async meant(names: readonly UpdateId[]): Promise<readonly Meant[]> {
    const unknown = names.filter((id) => !this.#tags.has(id))
    const asked = new Map<UpdateId, Tag | null>()
    for (let start = 0; start < unknown.length; start += limits.marksPerUpdate) {
      const some = unknown.slice(start, start + limits.marksPerUpdate)
      const found = await this.#ask(some)
      for (const [index, id] of some.entries()) asked.set(id, found[index] ?? null)
    }
    const meant = names.flatMap((id): Meant[] => {
      const tag = this.#tags.get(id) ?? asked.get(id) ?? null
      return tag === null ? [] : [{ id, tag }]
    })
    return meant.length > 0 ? meant : names.map((id) => ({ id, tag: anyTag }))
  }

  /** As `meant`, for one. */
  async tagOf(id: UpdateId): Promise<Tag> {
    const [meant] = await this.meant([id])
    return meant?.tag ?? anyTag
  }
}

/** The tag of the mail or post with this payload; `anyTag` where there is none. */
export const tagIn = (payload: Uint8Array): Tag => {
  const command = commandOf(payload)
  return command === null ? anyTag : tagOf(command)
}
