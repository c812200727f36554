import * as v from 'valibot'
import { limits } from '../../replica/core/model/limits.ts'
import type { AppHost, AppSettings, FirstRunDraft } from '../contract/app-host.ts'
import type { HostMethod } from '../contract/bridge.ts'
import { count, list, name, nothing, type RequestSchemas, server, text } from './shapes.ts'

const urlChars = 8_192
const copiedChars = 4_194_304
/** In base64, with headers: signs that mail programs do not take as they are stand there as three. */
const savedSize = 5
const savedFoldersMost = 3
const undoSendMostSeconds = 60
const listWidth = { least: 240, most: 2_000 }

const invite = text(limits.inviteChars)
const machine = text(limits.machineNameChars * 4)

const settingShapes = {
  theme: v.picklist(['system', 'light', 'dark']),
  language: v.picklist(['system', 'en', 'de']),
  notifications: v.picklist(['on', 'off']),
  startAtLogin: v.picklist(['on', 'off']),
  undoSendSeconds: count(0, undoSendMostSeconds),
  trayHintShown: v.picklist(['yes', 'no']),
  density: v.picklist(['comfortable', 'compact']),
  listWidth: v.nullable(count(listWidth.least, listWidth.most)),
  staySignedIn: v.picklist(['asMachine', 'on', 'off']),
}

/** Any of them may be left out, none may be `undefined`. */
const changes = v.strictObject({
  theme: v.exactOptional(settingShapes.theme),
  language: v.exactOptional(settingShapes.language),
  notifications: v.exactOptional(settingShapes.notifications),
  startAtLogin: v.exactOptional(settingShapes.startAtLogin),
  undoSendSeconds: v.exactOptional(settingShapes.undoSendSeconds),
  trayHintShown: v.exactOptional(settingShapes.trayHintShown),
  density: v.exactOptional(settingShapes.density),
  listWidth: v.exactOptional(settingShapes.listWidth),
  staySignedIn: v.exactOptional(settingShapes.staySignedIn),
})

export const settingsShape: v.GenericSchema<unknown, AppSettings> = v.object(settingShapes)

export const firstRunShape: v.GenericSchema<unknown, FirstRunDraft> = v.strictObject({
  step: v.picklist(['choice', 'create', 'invite', 'seat']),
  groupName: text(limits.groupNameChars * 4),
  machine,
  invite,
  server: v.nullable(server),
  // A draft that an older version kept has no more than the above.
  joinsAs: v.optional(v.picklist(['server', 'client']), 'server'),
  account: v.optional(v.nullable(name), null),
})

/** Every method of the program around the client, and what it takes. The compiler proves the list complete. */
export const hostRequests: RequestSchemas<AppHost, HostMethod> = {
  info: nothing,
  phase: nothing,
  createGroup: v.strictObject({ groupName: name, machine, server }),
  inspectInvite: v.strictObject({ invite }),
  join: v.strictObject({ invite, machine, server: v.nullable(server) }),
  joinAsClient: v.strictObject({ invite, machine }),
  firstRun: nothing,
  keepFirstRun: v.strictObject({ draft: v.nullable(firstRunShape) }),
  retry: nothing,
  reset: v.strictObject({ invite: v.nullable(invite) }),
  findOthers: v.strictObject({ invite }),
  settings: nothing,
  changeSettings: v.strictObject({ settings: changes }),
  chooseInviteFile: nothing,
  saveInvite: v.strictObject({ invite }),
  saveFile: v.strictObject({
    file: v.strictObject({ name: text(limits.fileNameChars), content: text(limits.payloadBytes * savedSize) }),
    folders: list(text(limits.fileNameChars), savedFoldersMost),
  }),
  openLink: v.strictObject({ url: text(urlChars) }),
  copyText: v.strictObject({ text: text(copiedChars) }),
  showDataDirectory: nothing,
  setDemo: v.strictObject({ demo: v.picklist(['whole', 'split']) }),
  quit: nothing,
  readyToQuit: nothing,
  stayOpen: nothing,
}
