export interface SampleMail {
  readonly from: string
  readonly others: readonly string[]
  readonly subject: string
  readonly snippet: string
}

const samples: readonly SampleMail[] = [
  {
    from: 'Mateo',
    others: [],
    subject: 'Fuel for the next leg',
    snippet:
      'We have 41 % left in the port tank. With the head wind I would rather bunker in Bodø than count on Tromsø.',
  },
  {
    from: 'Aiko',
    others: ['Mateo', 'Samuel'],
    subject: 'Re: Route around the ice',
    snippet: 'The ice chart of this morning shows the lead closing. I drew two alternatives, see below.',
  },
  {
    from: 'Samuel',
    others: [],
    subject: 'Water samples',
    snippet:
      'Station 14 is done: **three bottles**, one blank. The fridge in the lab runs at 6 degrees, can someone look?',
  },
  {
    from: 'لیلا',
    others: [],
    subject: 'گزارش ایستگاه اقیانوس‌شناسی',
    snippet: 'سلام، نتایج نمونه‌برداری امروز پیوست شده است. لطفاً نگاهی بینداز.',
  },
  {
    from: 'Leila',
    others: [],
    subject: '🐋 Whales on the port side!',
    snippet: 'Come up, quick 🏃‍♀️ three humpbacks and a calf.',
  },
  {
    from: 'Chidi Okonkwo-Featherstonehaugh',
    others: ['Anna', 'Ben', 'Zoë', 'Ümit'],
    subject:
      'A very long subject that goes on and on, because somebody wrote the whole mail into it: please bring the spare gasket for the number two pump, the blue one, not the black one, to the engine room before the watch changes',
    snippet: '',
  },
  {
    from: 'Anna',
    others: [],
    subject: '',
    snippet: 'No subject, just a thought: shall we move the drill to Thursday?',
  },
  {
    from: 'Ben',
    others: ['Anna'],
    subject: 'Watch rota, week 47',
    snippet: 'Please check your hours until tonight. Changes after that only by swapping with somebody.',
  },
  { from: 'Zoë', others: [], subject: 'Menu', snippet: 'Fish again. I am sorry. There will be cake.' },
]

export const sampleOf = (number: number): SampleMail => {
  const sample = samples[number % samples.length]
  if (sample === undefined) throw new Error('no sample')
  return sample
}

const quoted = `On Friday, Ingrid wrote:

> Could you have a look at it before noon?
> I would like to decide with Aiko then.`

const rich = `## What we know

- The lead closes **within six hours**
- Wind *north-west*, 14 m/s, see [the chart](https://charts.example.org/ice?day=12)
- Pump 2 needs the \`blue\` gasket

| Leg | Distance | Fuel |
| --- | --- | --- |
| Bodø | 142 nm | 9 t |
| Tromsø | 310 nm | 21 t |

1. Decide before noon
2. Tell the agent

> A quotation in the middle stays where it is.

Thanks!`

/** Every third body is rich, every second has something quoted at its end. */
export const bodyOf = (number: number, snippet: string): string => {
  const own = number % 3 === 1 ? `${snippet}\n\n${rich}` : `Hello,\n\n${snippet}\n\nSee you at dinner.`
  return number % 2 === 1 ? `${own}\n\n${quoted}` : own
}
