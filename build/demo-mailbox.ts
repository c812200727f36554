/** What the crew wrote to each other before a newcomer looks: conversations, not single letters. */
export interface DemoMail {
  readonly from: string
  readonly to: readonly string[]
  readonly cc?: readonly string[]
  readonly body: string
  readonly files?: readonly { readonly name: string; readonly text: string }[]
}

export interface DemoConversation {
  readonly subject: string
  /** The first opens it; each other answers the one before. */
  readonly mails: readonly DemoMail[]
  /** What the captain has done with it. */
  readonly state?: 'read' | 'starred'
}

export const conversations: readonly DemoConversation[] = [
  {
    subject: 'Permit for the fjord landing',
    state: 'read',
    mails: [
      {
        from: 'Leila',
        to: ['Ingrid'],
        body: 'The governor’s office wants three things before we may land at Raudfjorden:\n\n1. names of everyone who goes ashore\n2. the polar bear watch plan\n3. where we put the waste\n\nI have 1 and 3. Can you write 2?',
      },
      {
        from: 'Ingrid',
        to: ['Leila'],
        body: 'Watch plan: two rifles, two flares, never fewer than four people. I will put it into the form tonight.',
      },
      { from: 'Leila', to: ['Ingrid'], body: 'Sent. They answer within **48 hours**, office days only.' },
    ],
  },
  {
    subject: 'Fuel before the crossing',
    state: 'read',
    mails: [
      {
        from: 'Mateo',
        to: ['Ingrid'],
        body: '41.2 m³ in the tanks, 5.6 m³ a day at nine knots. That is Longyearbyen and back with a quarter left. I would not go faster than ten.',
      },
      { from: 'Ingrid', to: ['Mateo'], body: 'Nine knots, then. We have no train to catch.' },
    ],
  },
  {
    subject: 'Ice chart for the weekend',
    mails: [
      {
        from: 'Aiko',
        to: ['Ingrid', 'Mateo', 'Samuel', 'Leila'],
        body: '新しい海図です。 The new chart is on the bridge.\n\n| where | ice |\n| --- | --- |\n| 79°N, west of 8°E | open drift, 3/10 |\n| Hinlopen, north | close drift, 7/10 |\n| Hinlopen, south | free |\n\nWe go south about. Four hours longer, and nobody has to get up at night.',
      },
      { from: 'Samuel', to: ['Aiko'], cc: ['Ingrid'], body: 'Thank you. Fewer broken ribs is what I always ask for.' },
      {
        from: 'Ingrid',
        to: ['Aiko', 'Samuel', 'Mateo', 'Leila'],
        body: 'South about it is. Course change at 04:10, Aiko has the watch.',
      },
    ],
  },
  {
    subject: 'Medicine chest: what we are short of',
    mails: [
      {
        from: 'Samuel',
        to: ['Ingrid'],
        body: 'Counted this morning. Before the next leg we need:\n\n- Scopolamine patches, 20\n- Suture sets 4-0, 5\n- Ibuprofen 400 mg, 100\n\nEverything else lasts for six weeks. The list with batch numbers is in the book.',
      },
    ],
  },
  {
    subject: 'Drifters 7 and 12',
    mails: [
      {
        from: 'Leila',
        to: ['Aiko', 'Ingrid'],
        body: 'Two of the drifters have not reported since Sunday, 03:40. Last position 78°51′N 007°22′E, both going north-east at half a knot. Do we pass there?',
      },
      {
        from: 'Aiko',
        to: ['Leila', 'Ingrid'],
        body: 'Nine miles off our track on Thursday. One hour, if the captain says yes.',
      },
    ],
  },
  {
    subject: 'Starboard winch',
    state: 'starred',
    mails: [
      {
        from: 'Mateo',
        to: ['Ingrid'],
        cc: ['Leila'],
        body: 'The noise is the pawl, not the bearing. I can hold it together until Tromsø, but please:\n\n- nothing above **1.2 t**\n- nobody stands in line with the wire\n- tell me *before* each cast, not after\n\nThe part is ordered (no. 4471-B).',
        files: [
          {
            name: 'Winch, loads this week.csv',
            text: 'cast,depth m,most kN\n211,1480,10.9\n212,1475,11.4\n213,2210,15.2\n214,1490,11.0\n',
          },
        ],
      },
      { from: 'Leila', to: ['Mateo', 'Ingrid'], body: 'The CTD frame is 380 kg wet. I leave the big net in its box.' },
      {
        from: 'Ingrid',
        to: ['Mateo', 'Leila'],
        body: 'Agreed. Until then the winch is used between 08 and 20 only, with Mateo on deck.',
      },
      {
        from: 'Mateo',
        to: ['Ingrid', 'Leila'],
        body: 'Good. I have painted the limit on the drum, in a red that nobody can say they did not see.',
      },
    ],
  },
  {
    subject: 'Birthday cake on Thursday 🎂',
    mails: [
      {
        from: 'Samuel',
        to: ['Ingrid', 'Mateo', 'Leila'],
        body: 'Aiko turns forty on Thursday and believes that nobody knows. Cake at 15:00 in the mess. Mateo keeps the oven running, Leila keeps Aiko on the bridge.',
      },
      { from: 'Mateo', to: ['Samuel', 'Ingrid', 'Leila'], body: 'The oven has run on worse days. Chocolate?' },
    ],
  },
  {
    subject: 'When the link goes down',
    mails: [
      {
        from: 'Ingrid',
        to: ['everyone'],
        body: 'We lose the link behind the mountains, for an hour or two. **Just go on writing**: each of the five machines has everything, and it all comes together when they see each other again.\n\nThe marks beside a mail that you sent say on how many machines it is by now.',
      },
      {
        from: 'Aiko',
        to: ['Ingrid'],
        body: 'Tried it with the cable out: my mail was “saved here”, and ten seconds after I put it back it was on all five.',
      },
    ],
  },
]

export const posts: readonly { readonly author: string; readonly text: string }[] = [
  { author: 'Aiko', text: '78°12′N, two degrees, no wind. You can hear the ice.' },
  { author: 'Mateo', text: 'Whoever borrowed the 13 mm spanner: the engine would like it back.' },
  { author: 'Leila', text: 'CTD cast 31: the warm layer is at 140 m today. That is twenty higher than last year.' },
  {
    author: 'Samuel',
    text: 'Consultation moves to 17:00. Seasickness is not a reason to come up the stairs: call me.',
  },
  { author: 'Ingrid', text: 'Clocks go back one hour at midnight.' },
  { author: 'Aiko', text: 'Three fin whales, port side, now.' },
]

export const draft = {
  to: ['Samuel'],
  cc: [],
  subject: 'Re: Medicine chest: what we are short of',
  body: 'The agent in Longyearbyen can have the patches by Friday. The suture sets come from',
}

/** What comes in while a newcomer looks. */
export const liveMails: readonly { readonly from: string; readonly subject: string; readonly body: string }[] = [
  {
    from: 'Aiko',
    subject: 'Course change in an hour',
    body: 'New course 285 at 14:10. The swell will be on the beam for a while: please stow what can fall.',
  },
  {
    from: 'Mateo',
    subject: 'Generator two',
    body: 'Filters changed, the noise is gone. Generator one gets its turn tomorrow.',
  },
  {
    from: 'Leila',
    subject: 'Cast 32 done',
    body: 'Bottom at 312 m, bottles closed at 10, 50, 140 and 300. The readings are in the shared folder.',
  },
  {
    from: 'Samuel',
    subject: 'Splinter',
    body: 'One splinter, one bandage, one lecture about gloves. All three well received.',
  },
  {
    from: 'Aiko',
    subject: 'Visibility',
    body: 'Down to two miles. Fog signal on until further notice; I am sorry for those who sleep forward.',
  },
  {
    from: 'Leila',
    subject: 'Drifter 12 is back',
    body: 'It reported at 11:20, as if nothing had been. Number 7 is still silent.',
  },
]
