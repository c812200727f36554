// Draws the icons of every platform from the SVGs: node build/run.cjs build/icons/render-icons.ts. Their results are kept in git.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { chromium } from '@playwright/test'
import { findChromium } from '../standin/chromium.ts'

const folder = import.meta.dirname
const pngSizes = [16, 32, 48, 64, 128, 256, 512, 1024]
const icoSizes = [16, 32, 48, 64, 128, 256]
/** Apple's names of PNG entries by their pixels. */
const icnsTypes = new Map([
  ['icp4', 16],
  ['icp5', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
])
const traySize = 32

const render = async (svg: string, sizes: readonly number[]): Promise<ReadonlyMap<number, Buffer>> => {
  const program = findChromium()
  if (program === null) throw new Error('Drawing the icons needs a Chromium.')
  const browser = await chromium.launch({ executablePath: program })
  try {
    const page = await browser.newPage()
    const drawn = new Map<number, Buffer>()
    for (const size of sizes) {
      await page.setViewportSize({ width: size, height: size })
      await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`)
      drawn.set(size, await page.screenshot({ omitBackground: true }))
    }
    return drawn
  } finally {
    await browser.close()
  }
}

const pngOf = (drawn: ReadonlyMap<number, Buffer>, size: number): Buffer => {
  const png = drawn.get(size)
  if (png === undefined) throw new Error(`no icon of ${size} pixels`)
  return png
}

/** A directory of PNGs, as Windows reads it since Vista. */
const icoOf = (drawn: ReadonlyMap<number, Buffer>): Buffer => {
  const entryBytes = 16
  const head = Buffer.alloc(6)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(icoSizes.length, 4)
  let offset = head.length + entryBytes * icoSizes.length
  const entries = icoSizes.map((size) => {
    const png = pngOf(drawn, size)
    const entry = Buffer.alloc(entryBytes)
    // 256 is written as 0.
    entry.writeUInt8(size % 256, 0)
    entry.writeUInt8(size % 256, 1)
    entry.writeUInt16LE(1, 4)
    entry.writeUInt16LE(32, 6)
    entry.writeUInt32LE(png.length, 8)
    entry.writeUInt32LE(offset, 12)
    offset += png.length
    return entry
  })
  return Buffer.concat([head, ...entries, ...icoSizes.map((size) => pngOf(drawn, size))])
}

const icnsOf = (drawn: ReadonlyMap<number, Buffer>): Buffer => {
  const headBytes = 8
  const entries = [...icnsTypes].map(([type, size]) => {
    const png = pngOf(drawn, size)
    const head = Buffer.alloc(headBytes)
    head.write(type, 'latin1')
    head.writeUInt32BE(headBytes + png.length, 4)
    return Buffer.concat([head, png])
  })
  const body = Buffer.concat(entries)
  const head = Buffer.alloc(headBytes)
  head.write('icns', 'latin1')
  head.writeUInt32BE(headBytes + body.length, 4)
  return Buffer.concat([head, body])
}

const drawn = await render(await readFile(path.join(folder, 'icon.svg'), 'utf8'), pngSizes)
const tray = await render(await readFile(path.join(folder, 'tray.svg'), 'utf8'), [traySize])
await mkdir(path.join(folder, 'png'), { recursive: true })
for (const [size, png] of drawn) await writeFile(path.join(folder, 'png', `${size}x${size}.png`), png)
await writeFile(path.join(folder, 'tray.png'), pngOf(tray, traySize))
await writeFile(path.join(folder, 'icon.ico'), icoOf(drawn))
await writeFile(path.join(folder, 'icon.icns'), icnsOf(drawn))
