/** Where a link really leads, for the question before it is opened. */
export interface LinkTarget {
  readonly url: string
  /** As the browser will ask for it: other scripts' look-alikes are in their xn-- form. A mail address for `mailto`. */
  readonly host: string
  /** Whether the host has letters that can be mistaken for others. */
  readonly looksForeign: boolean
}

/** Null for what is not opened: anything but the web and mail. */
export const linkTarget = (href: string): LinkTarget | null => {
  if (!URL.canParse(href)) return null
  const url = new URL(href)
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return {
        url: url.href,
        host: url.host,
        looksForeign: url.hostname.split('.').some((part) => part.startsWith('xn--')),
      }
    case 'mailto:':
      return { url: url.href, host: url.pathname, looksForeign: false }
    default:
      return null
  }
}
