import type { ViewInfo } from '../api/contract.ts'
import type { ClientContext } from './client-context.ts'
import type { Group } from './contract/group.ts'

/** The group and its machines. */
export const groupPart = (context: ClientContext): Group => {
  tellViews(context)
  return {
    view: () => context.link.call((api) => api.view()),
    status: () => context.link.call((api) => api.status()),
    invite: async () => ({ invite: await context.link.callOnce((api) => api.invite()) }),
    network: () => context.link.call((api) => api.network()),
    invites: async () => ({ invites: await context.link.callWanted((api) => api.invites()) }),
    revokeInvite: (request) => context.link.callWanted((api) => api.revokeInvite(request)),
    retire: (request) => context.link.callOnce((api) => api.retire(request)),
    letIn: async ({ server = null }) => ({ machines: await context.link.callWanted((api) => api.letIn({ server })) }),
    shutOut: (request) => context.link.callOnce((api) => api.shutOut(request)),
    renameGroup: (request) => context.link.callWanted((api) => api.renameGroup(request)),
    renameMachine: (request) => context.link.callWanted((api) => api.renameMachine(request)),
    rotateKey: () => context.link.callOnce((api) => api.rotateKey()),
    setSyncInterval: (request) => context.link.callWanted((api) => api.setSyncInterval(request)),
    takeSeat: (request) => context.link.callOnce((api) => api.takeSeat(request)),
    pause: (request) => context.link.callWanted((api) => api.pause(request)),
    resume: (request) => context.link.callWanted((api) => api.resume(request)),
  }
}

/** Each view that the server has, and after a change of servers the one that the next has: it may have changed long before. */
const tellViews = (context: ClientContext): void => {
  let told = 0
  const tell = (view: ViewInfo): void => {
    told += 1
    context.tell({ event: 'view', view })
  }
  const look = (): void => {
    const before = told
    const isNews = (): boolean => told === before
    context.link
      .callBeside((api) => api.view())
      .then(
        (view) => {
          if (isNews()) tell(view)
        },
        () => undefined,
      )
  }
  context.listen({
    connected: look,
    event: (event) => {
      if (event.event === 'view') tell(event.view)
    },
  })
}
