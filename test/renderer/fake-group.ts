import type { AppEvent, AppInfo, AppPhase, AppSettings } from '../../electron/contract/app-host.ts'
import type { NetworkInfo, SeatState } from '../../replica/client/contract/group.ts'
import { accountId, serverId } from '../../replica/core/model/ids.ts'

export const machines = ['bridge', 'Galley', 'engine room', 'sick bay', 'lab'] as const

/** A group of five, whose seat 5 (or whichever `states` says) is away. */
export const fakeNetwork = (states: readonly SeatState[]): NetworkInfo => ({
  groupName: 'RV Northern Light',
  server: serverId(1),
  machine: machines[0],
  ownSeat: 'held',
  view: {
    number: 4,
    servers: states.flatMap((state, index) => (state === 'connected' || state === 'here' ? [serverId(index + 1)] : [])),
  },
  seats: states.map((state, index) => ({
    server: serverId(index + 1),
    state,
    machine: state === 'free' ? null : (machines[index] ?? null),
    promised: null,
    lagMs: state === 'connected' ? 3 + index : null,
    lastSeenAt: Date.now() - 60_000,
    clockOffMs: null,
    holds: { '1': 10, '2': 10, '3': 10, '4': 10, '5': state === 'unreachable' ? 6 : 10 },
    behind: state === 'unreachable' ? 4 : 0,
  })),
  history: [],
  paused: [],
  warnings: [],
  codedWarnings: [],
  diskBytes: 42_000_000,
  mails: 10_000,
  accounts: 12,
  syncIntervalMs: 1_000,
})

export const fakeGroup = () => ({
  network: () => fakeNetwork(['here', 'connected', 'connected', 'connected', 'connected']),
  letIn: () => ({ machines: [] }),
})

export const fakeSettings = (emit: (event: AppEvent) => void) => {
  let settings: AppSettings = {
    theme: 'system',
    language: 'en',
    notifications: 'on',
    startAtLogin: 'off',
    undoSendSeconds: 10,
    trayHintShown: 'yes',
    density: 'comfortable',
    listWidth: null,
    staySignedIn: 'asMachine',
  }
  const info: AppInfo = {
    version: '0.1.0',
    platform: 'linux',
    runtime: 'standIn',
    secretStore: 'plain',
    dataDirectory: '/home/ingrid/.quintet',
    machine: 'bridge',
    demo: 'off',
  }
  const phase: AppPhase = {
    phase: 'signedIn',
    group: 'RV Northern Light',
    mode: 'replica',
    home: serverId(1),
    homeFailure: null,
    server: serverId(1),
    account: 'Ingrid',
    accountId: accountId('account-1'),
  }
  return {
    info: () => info,
    phase: () => phase,
    settings: () => settings,
    changeSettings: (request: { readonly settings: Partial<AppSettings> }) => {
      settings = { ...settings, ...request.settings }
      emit({ event: 'settings', settings })
      return settings
    },
    readyToQuit: () => undefined,
    stayOpen: () => undefined,
    quit: () => undefined,
    openLink: () => undefined,
    copyText: () => undefined,
  }
}
