import { limits } from '../core/model/limits.ts'
import { nothing, type Shape } from '../wire/api-shapes.ts'
import { answerShapes, requestShapes } from '../wire/api-values.ts'
import { groupAnswers, groupRequests } from '../wire/group-shapes.ts'
import type { ReplicaApi, SealedMail, SealedPage } from './contract.ts'

/** What a connection may do: `admin` is who has the right to the data directory. */
export type ApiRight = 'person' | 'admin'

/** The methods that are called over a stream. */
export type ApiMethod = Exclude<keyof ReplicaApi, 'onEvent' | 'close'>
export type RequestOf<Method extends ApiMethod> = Parameters<ReplicaApi[Method]>[0]
export type AnswerOf<Method extends ApiMethod> = Awaited<ReturnType<ReplicaApi[Method]>>

export interface MethodEntry<Answer> {
  readonly right: ApiRight
  readonly answer: Shape<Answer>
  /** Checks a decoded request (throws `ShapeError`) and calls the method with it. */
  readonly carryOut: (api: ReplicaApi, request: unknown) => Promise<Answer>
}

const method = <Request, Answer>(
  right: ApiRight,
  request: Shape<Request>,
  answer: Shape<Answer>,
  call: (api: ReplicaApi, request: Request) => Promise<Answer>,
): MethodEntry<Answer> => ({
  right,
  answer,
  carryOut: (api, value) => call(api, request(value, 'the request')),
})

/** Every method of `ReplicaApi`, no more and no less: the compiler holds the two together. */
export const methodTable: { readonly [Method in ApiMethod]: MethodEntry<AnswerOf<Method>> } = {
  group: method('person', nothing, answerShapes.group, (api) => api.group()),
  view: method('person', nothing, answerShapes.view, (api) => api.view()),
  status: method('person', nothing, answerShapes.status, (api) => api.status()),
  lookUp: method('person', requestShapes.lookUp, answerShapes.lookUp, (api, query) => api.lookUp(query)),
  people: method('person', requestShapes.people, answerShapes.people, (api, query) => api.people(query)),
  members: method('person', nothing, answerShapes.members, (api) => api.members()),
  groupKey: method('person', nothing, answerShapes.groupKey, (api) => api.groupKey()),
  challenge: method('person', nothing, answerShapes.challenge, (api) => api.challenge()),
  logIn: method('person', requestShapes.logIn, answerShapes.logIn, (api, request) => api.logIn(request)),
  logOut: method('person', nothing, nothing, (api) => api.logOut()),
  submit: method('person', requestShapes.submit, answerShapes.submit, (api, submission) => api.submit(submission)),
  list: method('person', requestShapes.list, answerShapes.list, (api, query) => listWithinFrame(api, query)),
  fetch: method('person', requestShapes.mail, answerShapes.fetch, (api, query) => api.fetch(query)),
  fetchMany: method('person', requestShapes.fetchMany, answerShapes.fetchMany, (api, query) => api.fetchMany(query)),
  mailNames: method('person', requestShapes.mailNames, answerShapes.mailNames, (api, query) => api.mailNames(query)),
  counts: method('person', nothing, answerShapes.counts, (api) => api.counts()),
  conversation: method('person', requestShapes.conversation, answerShapes.conversation, (api, query) =>
    api.conversation(query),
  ),
  trashed: method('person', requestShapes.trashed, answerShapes.trashed, (api, query) => api.trashed(query)),
  tags: method('person', requestShapes.names, answerShapes.tags, (api, query) => api.tags(query)),
  documents: method('person', requestShapes.documents, answerShapes.documents, (api, query) => api.documents(query)),
  forgettable: method('person', requestShapes.forgettable, answerShapes.forgettable, (api, query) =>
    api.forgettable(query),
  ),
  document: method('person', requestShapes.document, answerShapes.document, (api, query) => api.document(query)),
  safeties: method('person', requestShapes.mails, answerShapes.safeties, (api, query) => api.safeties(query)),
  spread: method('person', requestShapes.update, answerShapes.spread, (api, query) => api.spread(query)),
  posts: method('person', requestShapes.posts, answerShapes.posts, (api, query) => api.posts(query)),
  profile: method('person', requestShapes.profile, answerShapes.profile, (api, query) => api.profile(query)),
  followed: method('person', nothing, answerShapes.followed, (api) => api.followed()),
  safety: method('person', requestShapes.mail, answerShapes.safety, (api, query) => api.safety(query)),
  invite: method('admin', nothing, answerShapes.invite, (api) => api.invite()),
  network: method('person', nothing, groupAnswers.network, (api) => api.network()),
  invites: method('admin', nothing, groupAnswers.invites, (api) => api.invites()),
  revokeInvite: method('admin', groupRequests.invite, nothing, (api, request) => api.revokeInvite(request)),
  retire: method('admin', groupRequests.server, nothing, (api, request) => api.retire(request)),
  letIn: method('admin', groupRequests.letIn, groupAnswers.letIn, (api, request) => api.letIn(request)),
  shutOut: method('admin', groupRequests.machine, nothing, (api, request) => api.shutOut(request)),
  renameGroup: method('admin', groupRequests.groupName, nothing, (api, request) => api.renameGroup(request)),
  renameMachine: method('admin', groupRequests.machineName, nothing, (api, request) => api.renameMachine(request)),
  rotateKey: method('admin', nothing, nothing, (api) => api.rotateKey()),
  setSyncInterval: method('admin', groupRequests.interval, nothing, (api, request) => api.setSyncInterval(request)),
  takeSeat: method('admin', groupRequests.server, nothing, (api, request) => api.takeSeat(request)),
  pause: method('admin', requestShapes.servers, nothing, (api, query) => api.pause(query)),
  resume: method('admin', requestShapes.servers, nothing, (api, query) => api.resume(query)),
}

export const isApiMethod = (name: string): name is ApiMethod => Object.hasOwn(methodTable, name)

/** A page of mails with many recipients can be larger than a frame: then it is a shorter page, which says where it goes on. */
const listWithinFrame = async (api: ReplicaApi, query: RequestOf<'list'>): Promise<SealedPage> => {
  const page = await api.list(query)
  const bytes = page.mails.reduce((sum, mail) => sum + mostBytesOf(mail), 0)
  if (bytes <= limits.frameBytes - limits.apiFrameBytes || query.limit === 1) return page
  return listWithinFrame(api, { ...query, limit: query.limit >> 1 })
}

const fieldsBytes = 512
const bytesPerUnit = 3

/** At most so many bytes of a frame does a mail take. */
export const mostBytesOf = (mail: SealedMail): number =>
  mail.payload.length +
  fieldsBytes +
  bytesPerUnit *
    [mail.fromName, ...mail.to, ...mail.toNames].reduce((sum, value) => sum + value.length + bytesPerUnit, 0)
