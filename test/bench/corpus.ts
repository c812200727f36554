/** Text that compresses as letters between people do, or hardly at all. */
export type TextKind = 'natural' | 'random'

const words =
  `the the the the the of of of and and and to to to a a a in in is it that for was on are as with his they at be this
  from have or had by hot but some what there we can out other were all your when up use word how said each she which
  their time will way about many then them would write like these her long make thing see him two has look more day
  could go come did number sound no most people my over know water than call first who may down side been now find any
  new work part take get place made live where after back little only round man year came show every good me give our
  under name very through just form much great think say help low line before turn cause same mean differ move right boy
  old too does tell sentence set three want air well also play small end put home read hand port large spell add even
  land here must big high such follow act why ask men change went light kind off need house picture try us again animal
  point mother world near build self earth father head stand own page should country found answer school grow study
  still learn plant cover food sun four thought let keep eye never last door between city tree cross since hard start
  might story saw far sea draw left late run don't while press close night real life few stop open seem together next
  white children begin got walk example ease paper often always music those both mark book letter until mile river car
  feet care second group carry took rain eat room friend began idea fish mountain north once base hear horse cut sure
  watch colour face wood main enough plain girl usual young ready above ever red list though feel talk bird soon body
  dog family direct pose leave song measure state product black short numeral class wind question happen complete ship
  area half rock order fire south problem piece told knew pass farm top whole king size heard best hour better true
  during hundred remember step early hold west ground interest reach fast five sing listen six table travel less morning
  engine pump bearing patient dose ward bridge anchor watchkeeper Reykjavik Tromso tonight tomorrow temperature pressure
  generator compass doctor nurse appointment medicine harbour captain weather forecast barometer sample laboratory`
    .split(/\s+/)
    .filter((word) => word !== '')

/** A generator of numbers below 1 that gives the same ones for the same seed (mulberry32). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** `chars` characters of text, ASCII. */
export const textOf = (kind: TextKind, chars: number, random: () => number): string =>
  kind === 'natural' ? naturalText(chars, random) : randomText(chars, random)

const naturalText = (chars: number, random: () => number): string => {
  let text = ''
  while (text.length < chars) text += sentence(random)
  return text.slice(0, chars)
}

const sentence = (random: () => number): string => {
  const count = 4 + Math.floor(random() * 14)
  const chosen = Array.from({ length: count }, () => words[Math.floor(random() * words.length)] ?? '')
  const [first = '', ...rest] = chosen
  const begin = first.charAt(0).toUpperCase() + first.slice(1)
  const number = random() < 0.15 ? ` ${Math.floor(random() * 1_000)}` : ''
  return `${[begin, ...rest].join(' ')}${number}${random() < 0.1 ? '.\n\n' : '. '}`
}

const firstPrintable = 33
const printables = 94

const randomText = (chars: number, random: () => number): string => {
  const codes = Array.from({ length: chars }, () => firstPrintable + Math.floor(random() * printables))
  return String.fromCharCode(...codes)
}
