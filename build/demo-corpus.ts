/** A crew of five, one at each server. Name, their machine, and the language that they fall back to. */
export const crew = [
  { name: 'Ingrid', duty: 'captain', machine: 'Bridge', language: 'norsk' },
  { name: 'Mateo', duty: 'engineer', machine: 'Engine room', language: 'español' },
  { name: 'Aiko', duty: 'navigator', machine: 'Chart table', language: '日本語' },
  { name: 'Samuel', duty: 'doctor', machine: 'Sick bay', language: 'Deutsch' },
  { name: 'Leila', duty: 'oceanographer', machine: 'Wet lab', language: 'فارسی' },
] as const

export type Language = (typeof crew)[number]['language'] | 'English'

export interface Letter {
  readonly subject: string
  readonly body: string
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const pick = <Item>(random: () => number, items: readonly Item[]): Item => {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

const emptySubjectShare = 0.04
const longSubjectShare = 0.04
const longBodyShare = 0.08
const motherTongueShare = 0.4
const shortBodySentences = 6
const longBodySentences = 120
const longSubjectSentences = 7
const sentencesPerParagraph = 4

/** A letter as people write them: mostly short, now and then long, without a subject, or with one that never ends. */
export const writeLetter = (random: () => number, writer: string, motherTongue: Language): Letter => {
  const language = random() < motherTongueShare ? motherTongue : 'English'
  const { subjects, sentences, greeting } = phrases[language]
  const gap = language === '日本語' ? '' : ' '
  const isLong = random() < longBodyShare
  const count = 1 + Math.floor(random() * (isLong ? longBodySentences : shortBodySentences))
  const chosen = deal(random, sentences, count)
  const paragraphs: string[] = []
  for (let start = 0; start < count; start += sentencesPerParagraph)
    paragraphs.push(chosen.slice(start, start + sentencesPerParagraph).join(gap))
  const body = `${greeting}\n\n${paragraphs.join('\n\n')}\n\n${writer}`
  const dice = random()
  if (dice < emptySubjectShare) return { subject: '', body }
  if (dice > 1 - longSubjectShare) {
    return { subject: deal(random, sentences, longSubjectSentences).join(gap), body }
  }
  return { subject: pick(random, subjects), body }
}

/** `count` items, none again before all the others have been. */
const deal = <Item>(random: () => number, items: readonly Item[], count: number): readonly Item[] => {
  const dealt: Item[] = []
  let deck: Item[] = []
  while (dealt.length < count) {
    if (deck.length === 0) deck = [...items]
    dealt.push(...deck.splice(Math.floor(random() * deck.length), 1))
  }
  return dealt
}

interface Phrases {
  readonly greeting: string
  readonly subjects: readonly string[]
  readonly sentences: readonly string[]
}

const phrases: Readonly<Record<Language, Phrases>> = {
  English: {
    greeting: 'Hello,',
    subjects: [
      'Watch rota for next week',
      'Re: Fuel before the crossing',
      'Spare impeller for the port pump',
      'CTD cast 14: salinity looks odd',
      'Medicine chest: what we are short of',
      'Fwd: Harbour dues, Tromsø',
      'Birthday cake on Thursday 🎂',
      'Lost: one blue mug',
    ],
    sentences: [
      'The forecast has changed again, and the low now passes north of us.',
      'Please sign the sheet in the mess before noon.',
      'I have put the readings into the shared folder, with notes on the two that I do not trust.',
      'The starboard winch makes that noise again; I would rather not use it before I have had a look.',
      'We have water for nine days if nobody washes the deck with it.',
      'Can you take my watch on Tuesday? I will take yours on Friday.',
      'The replacement part is 40 mm × 1.5, not 38.',
      'Nobody has to answer this today.',
      'Two of the drifters have not reported since Sunday, 03:40.',
      'If the link goes down again, just go on working: it all comes together later.',
    ],
  },
  norsk: {
    greeting: 'Hei,',
    subjects: ['Vaktliste', 'Sv: Proviant til fredag', 'Nytt om været', 'Øvelse i morgen kl. 10'],
    sentences: [
      'Vi går ut med tidevannet, så alle må være om bord før seks.',
      'Det blåser friskt fra nordvest, og sjøen er grov.',
      'Har noen sett den store skiftenøkkelen?',
      'Kaffen er snart slutt, og det er en alvorlig sak.',
      'Takk for innsatsen i natt, det så bra ut.',
    ],
  },
  español: {
    greeting: 'Hola a todos:',
    subjects: [
      'Cambio de aceite',
      'Re: La bomba de estribor',
      '¿Quién tiene la llave del pañol?',
      'Consumo de esta semana',
    ],
    sentences: [
      'El generador dos estará parado mañana por la mañana.',
      'He cambiado los filtros y el ruido ha desaparecido.',
      '¿Puede alguien revisar los niveles mientras duermo?',
      'El repuesto llega a puerto el día 19, si la aduana quiere.',
      'Señal débil, pero todo funciona según lo previsto.',
    ],
  },
  日本語: {
    greeting: 'お疲れさまです。',
    subjects: ['明日の針路について', '海図の更新', '氷の状況', '夕食の時間'],
    sentences: [
      '北緯七十八度を越えたところで流氷に出会うでしょう。',
      '新しい海図を操舵室に置きました。',
      '視界は二海里ほどです。',
      '到着予定は明後日の朝六時です。',
      '何かあればいつでも起こしてください。',
    ],
  },
  Deutsch: {
    greeting: 'Moin zusammen,',
    subjects: ['Sprechstunde', 'AW: Impfungen', 'Bestand der Bordapotheke', 'Bitte Schwimmwesten prüfen'],
    sentences: [
      'Die Sprechstunde ist heute eine Stunde später.',
      'Wer noch keine Tablette gegen Seekrankheit hat, meldet sich bitte.',
      'Die Schürfwunde heilt gut, der Verband bleibt bis Samstag.',
      'Bitte trinkt genug, auch wenn es kalt ist.',
      'Größere Mengen müssen wir im nächsten Hafen bestellen.',
    ],
  },
  فارسی: {
    greeting: 'سلام،',
    subjects: ['نمونه‌های آب', 'دمای سطح دریا', 'پاسخ: برنامهٔ هفته', 'نتایج آزمایش'],
    sentences: [
      'نمونه‌ها را در یخچال شمارهٔ دو گذاشته‌ام.',
      'دمای آب از دیروز نیم درجه پایین‌تر آمده است.',
      'لطفاً پیش از فردا نتیجه‌ها را ببینید.',
      'دستگاه دوباره درست کار می‌کند.',
    ],
  },
}
