import createPurifier from 'dompurify'
import MarkdownIt from 'markdown-it'

const allowedTags = [
  ...['p', 'br', 'hr', 'em', 'strong', 's', 'code', 'pre', 'blockquote', 'a', 'ul', 'ol', 'li'],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
]
const allowedLinks = /^(?:https?|mailto):/iu

// No HTML and no pictures: nothing in a mail reaches out to anywhere.
const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true }).disable('image')
markdown.validateLink = (url) => allowedLinks.test(url.trim())

/** Markdown as a fragment of harmless elements: no scripts, styles, pictures, or links to anything but the web and mail. */
export const renderMarkdown = (source: string): DocumentFragment =>
  createPurifier.sanitize(markdown.render(source), {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: ['href', 'title', 'start'],
    ALLOWED_URI_REGEXP: allowedLinks,
    RETURN_DOM_FRAGMENT: true,
  })
