import createPurifier from 'dompurify'
import MarkdownIt, { type StateInline } from 'markdown-it'

const allowedTags = [
  ...['p', 'br', 'hr', 'em', 'strong', 's', 'code', 'pre', 'blockquote', 'a', 'ul', 'ol', 'li'],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
]
const allowedLinks = /^(?:https?|mailto):/iu

// No HTML and no pictures: nothing in a mail reaches out to anywhere.
const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true }).disable('image')
/** Who writes 2*3*4 multiplies: without its stars the mail would say 234. Where words stand without spaces, stars go on marking them. */
markdown.inline.State = class extends markdown.inline.State {
  override scanDelims(
    ...[start, canSplitWord]: Parameters<StateInline['scanDelims']>
  ): ReturnType<StateInline['scanDelims']> {
    const isProduct = /[\p{Script=Latin}\p{Nd}]\*[\p{Script=Latin}\p{Nd}]/u.test(this.src.slice(start - 1, start + 2))
    return super.scanDelims(start, canSplitWord && !isProduct)
  }
}
markdown.validateLink = (url) => allowedLinks.test(url.trim())

/** Markdown as a fragment of harmless elements: no scripts, styles, pictures, or links to anything but the web and mail. */
export const renderMarkdown = (source: string): DocumentFragment =>
  createPurifier.sanitize(markdown.render(source), {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: ['href', 'title', 'start'],
    ALLOWED_URI_REGEXP: allowedLinks,
    // Otherwise a number would have to be a link, and an answer to point 3 would stand as point 1.
    ADD_URI_SAFE_ATTR: ['start'],
    RETURN_DOM_FRAGMENT: true,
  })
