import { expect, test } from './harness.ts'

test('a page has the bridge and nothing of Node or Electron', async ({ quintet }) => {
  const { page } = await quintet.open()
  const found = await page.evaluate(() => {
    const names = [
      'require',
      'process',
      'module',
      'global',
      'Buffer',
      'electron',
      'ipcRenderer',
      '__standInTell',
      '__standInReceive',
    ]
    const { quintet: bridge } = window
    return {
      there: names.filter((name) => name in window),
      doors: Object.keys(bridge),
      frozen: Object.isFrozen(bridge),
    }
  })
  expect(found).toEqual({ there: [], doors: ['client', 'host', 'onClientEvents', 'onAppEvents'], frozen: true })
})

test('the page comes from app:// and is a secure context', async ({ quintet }) => {
  const { app, page } = await quintet.open()
  // The page may be there a moment before its host has been told so.
  const url = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getURL())
  await expect.poll(url).toBe('app://bundle/index.html')
  expect(await page.evaluate(() => window.isSecureContext)).toBe(true)
})

test('a method that is not on the list is refused, also one that every object has', async ({ quintet }) => {
  const window = await quintet.open()
  for (const [door, method] of [
    ['client', 'close'],
    ['client', 'onEvent'],
    ['client', 'constructor'],
    ['client', '__proto__'],
    ['host', 'toString'],
    ['host', 'keepFirstRuns'],
  ] as const) {
    const answer = await window.ask(door, method)
    expect(answer, method).toMatchObject({ ok: false, failure: { code: 'BAD_REQUEST' } })
  }
})

test('arguments that do not fit are refused, and a password is not repeated in the refusal', async ({ quintet }) => {
  const window = await quintet.openAlone()
  const bad: readonly (readonly ['client' | 'host', string, unknown])[] = [
    ['client', 'list', { folder: 'outbox', limit: 10 }],
    ['client', 'list', { folder: 'inbox', limit: 1e9 }],
    ['client', 'list', { folder: 'inbox', limit: 10, more: 1 }],
    ['client', 'read', { mail: '../../etc/passwd' }],
    ['client', 'send', { to: Array.from({ length: 10_000 }, () => 'anna'), subject: '', body: '' }],
    ['client', 'logIn', { name: 'anna', password: { $ne: 'hunter2' } }],
    ['client', 'connect', { server: 6 }],
    ['client', 'counts', 'everything'],
    ['host', 'changeSettings', { settings: { theme: 'neon' } }],
    ['host', 'openLink', { url: 7 }],
    ['host', 'createGroup', null],
  ]
  for (const [door, method, request] of bad) {
    const answer = await window.ask(door, method, request)
    expect(answer, method).toMatchObject({ ok: false, failure: { code: 'BAD_REQUEST' } })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  }
})

test('links other than http, https and mailto are not opened', async ({ quintet }) => {
  const window = await quintet.open()
  await window.app.evaluate(({ shell }) => {
    const opened: string[] = []
    Object.assign(globalThis, { opened })
    shell.openExternal = async (url) => {
      opened.push(url)
    }
  })
  for (const url of [
    'file:///etc/passwd',
    'javascript:alert(1)',
    'quintet://join/x',
    'smb://host/share',
    'not a link',
  ]) {
    expect(await window.ask('host', 'openLink', { url }), url).toMatchObject({
      ok: false,
      failure: { code: 'BAD_REQUEST' },
    })
  }
  await window.call('host', 'openLink', { url: 'https://example.org/a' })
  expect(await window.app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened)).toEqual([
    'https://example.org/a',
  ])
})

test('another window of the same program is not answered', async ({ quintet }) => {
  const { app } = await quintet.open()
  const second = app.waitForEvent('window')
  await app.evaluate(({ app: program, BrowserWindow }) => {
    const preload = `${program.getAppPath()}/out/preload/preload.cjs`
    const other = new BrowserWindow({ webPreferences: { preload, sandbox: true, contextIsolation: true } })
    return other.loadURL('app://bundle/index.html')
  })
  const page = await second
  await page.waitForFunction(() => 'quintet' in window)
  const answer = await page.evaluate(() => window.quintet.host('info', undefined))
  expect(answer).toMatchObject({ ok: false, failure: { code: 'BAD_REQUEST', message: /Only the window/ } })
})

test('inline scripts, eval, and anything from outside are blocked', async ({ quintet }) => {
  const { page } = await quintet.open()
  const blocked = await page.evaluate(async () => {
    const violations: string[] = []
    const frameRefused = new Promise<void>((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
        violations.push(effectiveDirective)
        if (effectiveDirective === 'frame-src') resolve()
      })
    })
    const marked = window as unknown as { ran?: boolean }
    const inline = document.createElement('script')
    inline.append('window.ran = true')
    document.body.append(inline)
    // As a script of the page's would: `page.evaluate` itself is not held by the policy, a timer's text is.
    const setText = setTimeout as (code: string) => void
    try {
      setText('window.ran = true')
    } catch {
      // Trusted Types refuse it at once.
    }
    const fetched = await fetch('https://example.org/').then(
      () => 'fetched',
      () => 'refused',
    )
    const image = new Image()
    const seen = new Promise((resolve) => {
      image.addEventListener('load', () => resolve('loaded'))
      image.addEventListener('error', () => resolve('refused'))
    })
    image.src = 'https://example.org/pixel.png'
    const frame = document.createElement('iframe')
    frame.src = 'https://example.org/'
    document.body.append(frame)
    const picture = await seen
    await frameRefused
    return { ran: marked.ran === true, fetched, picture, violations: [...new Set(violations)].sort() }
  })
  expect(blocked).toMatchObject({ ran: false, fetched: 'refused', picture: 'refused' })
  for (const directive of ['require-trusted-types-for', 'connect-src', 'img-src', 'frame-src'])
    expect(blocked.violations).toContain(directive)
  const policy = await page.evaluate(async () => (await fetch('/index.html')).headers.get('content-security-policy'))
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';")
  expect(policy).not.toContain('unsafe')
})

test('the window stays on its page: no other page, no other window, no permission', async ({ quintet }) => {
  const { app, page } = await quintet.open()
  await page.evaluate(() => {
    window.location.href = 'https://example.org/'
  })
  const opened = await page.evaluate(() => {
    const made = window.open('https://example.org/')
    const link = document.createElement('a')
    link.href = 'https://example.org/'
    link.target = '_blank'
    link.append('away')
    document.body.append(link)
    link.click()
    return made
  })
  expect(opened).toBeNull()
  const permissions = await page.evaluate(async () => {
    const names = ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read'] as const
    const states = names.map(async (name) => (await navigator.permissions.query({ name: name as 'geolocation' })).state)
    return Promise.all(states)
  })
  expect(permissions).toEqual(['denied', 'denied', 'denied', 'denied', 'denied'])
  expect(await page.evaluate(() => typeof window.quintet)).toBe('object')
  expect(
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((one) => one.webContents.getURL())),
  ).toEqual(['app://bundle/index.html'])
  expect(app.windows()).toHaveLength(1)
})

test('only files of the page are served, whatever the path', async ({ quintet }) => {
  const { page } = await quintet.open()
  const statuses = await page.evaluate(async () => {
    const paths = [
      '/index.html',
      '/../main/main.js',
      '/%2e%2e/main/main.js',
      '/..%2fmain%2fmain.js',
      '/no-such-file',
      '/%ff',
    ]
    return Promise.all(paths.map(async (path) => (await fetch(path)).status))
  })
  expect(statuses).toEqual([200, 404, 404, 404, 404, 404])
})
