import type { ClientContext } from './client-context.ts'
import type { Group } from './contract/group.ts'

/** The group and its machines. */
export const groupPart = (context: ClientContext): Group => {
  context.listen({
    event: (event) => {
      if (event.event === 'view') context.tell(event)
    },
  })
  return {
    view: () => context.link.call((api) => api.view()),
    status: () => context.link.call((api) => api.status()),
    invite: async () => ({ invite: await context.link.callOnce((api) => api.invite()) }),
    network: () => context.link.call((api) => api.network()),
    invites: async () => ({ invites: await context.link.callWanted((api) => api.invites()) }),
    revokeInvite: (request) => context.link.callWanted((api) => api.revokeInvite(request)),
    retire: (request) => context.link.callOnce((api) => api.retire(request)),
    renameGroup: (request) => context.link.callWanted((api) => api.renameGroup(request)),
    renameMachine: (request) => context.link.callWanted((api) => api.renameMachine(request)),
    rotateKey: () => context.link.callOnce((api) => api.rotateKey()),
    setSyncInterval: (request) => context.link.callWanted((api) => api.setSyncInterval(request)),
    takeSeat: (request) => context.link.callOnce((api) => api.takeSeat(request)),
    pause: (request) => context.link.callWanted((api) => api.pause(request)),
    resume: (request) => context.link.callWanted((api) => api.resume(request)),
  }
}
