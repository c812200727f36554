'use strict'
const { FuseV1Options, FuseVersion } = require('@electron/fuses')

/** What Electron can do and this app never needs is switched off in the program itself. */
const fuses = {
  version: FuseVersion.V1,
  strictlyRequireAllFuses: true,
  // Point 19 of Electron's list: no ELECTRON_RUN_AS_NODE, no NODE_OPTIONS, no --inspect.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  // Only the packed app is loaded, and only if it is the one that was packed (where the platform can check that).
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  // Pages come from app://, so file:// needs no privileges.
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  // Electron's default.
  [FuseV1Options.WasmTrapHandlers]: true,
}

module.exports = { fuses }
