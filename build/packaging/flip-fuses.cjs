'use strict'
const path = require('path')
const { flipFuses } = require('@electron/fuses')
const { fuses } = require('./fuses.cjs')

/** electron-builder calls it when the program is in place and not signed yet. */
async function flipFusesOf({ appOutDir, electronPlatformName, packager }) {
  const names = {
    darwin: `${packager.appInfo.productFilename}.app`,
    mas: `${packager.appInfo.productFilename}.app`,
    win32: `${packager.appInfo.productFilename}.exe`,
    linux: packager.executableName,
  }
  const resetAdHocDarwinSignature = electronPlatformName === 'darwin'
  await flipFuses(path.join(appOutDir, names[electronPlatformName]), { ...fuses, resetAdHocDarwinSignature })
}

exports.default = flipFusesOf
