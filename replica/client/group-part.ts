import type { ClientContext } from './client-context.ts'
import type { Group } from './contract/group.ts'

type GroupPart = Pick<Group, 'view' | 'status' | 'invite' | 'pause' | 'resume'>

/** The group and its machines. */
export const groupPart = (context: ClientContext): GroupPart => {
  context.listen({
    event: (event) => {
      if (event.event === 'view') context.tell(event)
    },
  })
  return {
    view: () => context.link.call((api) => api.view()),
    status: () => context.link.call((api) => api.status()),
    invite: async () => ({ invite: await context.link.callOnce((api) => api.invite()) }),
    pause: (request) => context.link.callWanted((api) => api.pause(request)),
    resume: (request) => context.link.callWanted((api) => api.resume(request)),
  }
}
