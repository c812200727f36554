// @vitest-environment jsdom
// DOMPurify stands by jsdom; on happy-dom it lets things through.
import MarkdownIt from 'markdown-it'
import { describe, expect, it } from 'vitest'
import { linkTarget } from '../../renderer/mail/links.ts'
import { renderMarkdown } from '../../renderer/mail/markdown.ts'
import { splitQuoted } from '../../renderer/mail/quoted.ts'
import { snippetOf } from '../../replica/client/snippet.ts'

const rendered = (source: string): HTMLElement => {
  const element = document.createElement('div')
  element.append(renderMarkdown(source))
  return element
}

describe('Markdown of others', () => {
  it('shows what people write', () => {
    const element = rendered('# Hi\n\n**bold** and [a link](https://example.org)\n\n- one\n- two')
    expect(element.querySelector('h1')?.textContent).toBe('Hi')
    expect(element.querySelector('strong')?.textContent).toBe('bold')
    expect(element.querySelector('a')?.getAttribute('href')).toBe('https://example.org')
    expect(element.querySelectorAll('li')).toHaveLength(2)
  })

  it('says what was written: a list begins with its own number, and products keep their signs', () => {
    expect(rendered('3. Yes\n4. No').querySelector('ol')?.start).toBe(3)
    for (const product of ['5*3*2 mg', 'a*b*c', '2*x*y']) expect(rendered(product).textContent.trim()).toBe(product)
    const marked = (source: string): readonly string[] =>
      [...rendered(source).querySelectorAll('em, strong')].map(({ textContent }) => textContent)
    expect(marked('this *is*, and **this** is; 这**重点**吗')).toEqual(['is', 'this', '重点'])
  })

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '![picture](https://tracker.example/p.gif)',
    '<iframe src="https://example.org"></iframe>',
    '<style>body { display: none }</style>',
    '<svg onload=alert(1)>',
    '<a href="https://example.org" onclick="alert(1)" style="position:fixed">x</a>',
    '| a |\n| :-: |\n| b |',
  ])('lets nothing act, reach out or restyle: %s', (source) => {
    const element = rendered(source)
    expect(element.querySelector('script, img, iframe, style, svg, object, link')).toBeNull()
    for (const each of element.querySelectorAll('*'))
      for (const name of each.getAttributeNames()) expect(['href', 'title', 'start']).toContain(name)
  })

  it.each(['[x](javascript:alert(1))', '[x](data:text/html,hi)', '[x](file:///etc/passwd)', '[x](quintet://join/abc)'])(
    'has no link to anything but web and mail: %s',
    (source) => {
      expect(rendered(source).querySelector('a[href]')).toBeNull()
    },
  )
})

describe('stars that multiply', () => {
  it.each([
    '5*3*2',
    'a*b*c',
    '2 * 3 * 4',
    'an *emphasized* word',
    '字*强调*字',
    '2**3**4',
    '*5*3',
    '5*',
    '(*a*)',
    '5*3*',
  ])('are in lists what they are in the mail: %s', (source) => {
    expect(snippetOf(source)).toBe(rendered(source).textContent.trim())
  })
  it('are left to other users of the parser as they were', () => {
    expect(new MarkdownIt().render('5*3*2')).toBe('<p>5<em>3</em>2</p>\n')
  })
})

describe('where a link leads', () => {
  it('is its real host, whatever stands before an @', () => {
    expect(linkTarget('https://bank.example@evil.example/login')).toMatchObject({ host: 'evil.example' })
  })
  it('says when letters may look like others', () => {
    expect(linkTarget('https://аpple.com/')).toMatchObject({ looksForeign: true })
    expect(linkTarget('https://apple.com/')).toMatchObject({ looksForeign: false })
  })
  it('is nowhere for other schemes', () => {
    expect(linkTarget('javascript:alert(1)')).toBeNull()
    expect(linkTarget('/relative')).toBeNull()
  })
})

describe('quotations', () => {
  it('at the end are folded with the line above them', () => {
    const { own, quoted } = splitQuoted('Yes!\n\nOn Monday, Anna wrote:\n\n> Shall we?\n>\n> Anna\n')
    expect(own).toBe('Yes!')
    expect(quoted).toMatch(/^On Monday/u)
  })
  it('in the middle stay where they are', () => {
    const body = '> Shall we?\n\nYes.'
    expect(splitQuoted(body)).toEqual({ own: body, quoted: '' })
  })
  it('are shown when there is nothing else', () => {
    expect(splitQuoted('> only this').own).toBe('> only this')
  })
})
