import { accountId, serverId } from '../../replica/core/model/ids.ts'
import type { Person } from '../../replica/client/contract/people.ts'

export const names = [
  ...['Ingrid', 'Mateo', 'Aiko', 'Samuel', 'لیلا', 'Leila', 'Chidi Okonkwo-Featherstonehaugh'],
  ...['Anna', 'Ben', 'Benedikt', 'Zoë', 'Ümit'],
] as const

const people: readonly Person[] = names.map((name, index) => ({
  account: accountId(`account-${index}`),
  name,
  online: index % 3 !== 2,
  servers: index % 3 === 2 ? [] : [serverId((index % 5) + 1)],
  signedUpAt: Date.UTC(2026, 0, 1),
  followed: index % 4 === 1,
}))

export const fakePeople = () => ({
  accounts: ({ like }: { readonly like: string }) => ({
    accounts: people.filter(({ name }) => name.toLowerCase().includes(like.toLowerCase())),
  }),
  identities: ({ names: asked }: { readonly names: readonly string[] }) => ({
    identities: people
      .filter(({ name }) => asked.includes(name))
      .map(({ name, account }) => ({
        name,
        account,
        words: 'abandon ability able about above absent absorb abstract',
        known: null,
      })),
  }),
  accept: () => undefined,
  logOut: () => undefined,
})
