export const shell = {
  skip: 'Skip to content',
  navigation: 'Pages',
  pages: { mail: 'Mail', timeline: 'Timeline', people: 'People', network: 'Network', settings: 'Settings' },
  starting: 'Starting',
  steps: { opening: 'Opening the mailbox', takingBack: 'Taking everything back from the others' },
  partMissing: 'This part of the window could not be loaded',
  partMissingHint: 'Nothing is lost. If trying again does not help, quit Quintet and start it anew.',
  failed: 'Quintet could not start',
  failedLater: 'Quintet has stopped',
  failedUnsaved:
    'What you were writing is not saved yet. It is still in this window: try again here, or copy it, and do not quit before.',
  copyUnsaved: 'Copy what you were writing',
  failedHint: 'Nothing is lost: what is stored here stays as it is.',
  failedGoesOn: 'Quintet goes on by itself as soon as one can be reached.',
  failedDamaged:
    'Some of what is stored here cannot be read; it is left as it is. Restore the data folder from a backup, or take everything back from the other servers.',
  showFolder: 'Show the data folder',
  showFolderFailed: 'The data folder could not be shown',
  startOver: 'Take everything back from the others',
  connection: {
    split: 'Cut off from {names}. You can go on working: everything merges when you meet again.',
    alone: 'No other server can be reached. You can go on working: everything merges when you meet again.',
    retired:
      'The others have retired this machine: mail can be read here, and nothing can be written until it joins again (Settings, This machine).',
    paused: 'Syncing with {names} is paused.',
    lost: 'Server {server} cannot be reached. Looking for another one; nothing that you write is lost.',
    diskFull:
      'The disk of {name} is full: mail can be read, but not sent or saved. What you are writing stays in this window. Make room there, or use another server.',
    diskFailed: {
      looking:
        'The disk of this machine has failed. Looking for another server; what you are writing stays in this window.',
      goesOn:
        'The disk of this machine has failed: Quintet goes on at server {server}, and nothing is stored here any more. Have the disk checked, then start Quintet again.',
    },
    details: 'See the network',
  },
  status: {
    label: 'Server {server} here, {reachable} of {seats} connected',
  },
  diskHasRoom: 'The disk of {name} has room again: mail is sent and saved as usual.',
  takenOver: {
    title: 'You are logged in somewhere else now',
    text: 'This window was logged out, because this account was logged in at server {server} ({machine}).',
  },
  accountDeleted: {
    title: 'This account was deleted',
    text: 'Somebody who was logged in as {name} has deleted the account, at another window or machine. Its mail, its drafts and mails that had not left yet are gone, and this window was logged out.',
    copy: 'Copy what you were writing',
  },
  keysChanged: {
    password: 'Your password was changed elsewhere',
    phrase: 'Your recovery phrase was changed elsewhere',
    both: 'Your password and your recovery phrase are others now',
    remedy:
      'What was set in this window, or before, opens this account no more. Make sure that you have what does: the recovery phrase sets a new password, the password makes a new phrase.',
    settings: 'To the account',
  },
  renamed: 'Your name is now {name}, because another account had the former one first.',
  renamedAgain: 'Your name is {name} again, because nobody else has it any more.',
  palette: {
    title: 'Do something',
    placeholder: 'Type a command',
    none: 'No command is called that.',
    open: 'Command palette',
  },
  shortcuts: {
    title: 'Keyboard shortcuts',
    open: 'Show the keyboard shortcuts',
    then: 'then',
    keys: {
      control: 'Ctrl',
      pageDown: 'PgDn',
      pageUp: 'PgUp',
      home: 'Home',
      end: 'End',
      delete: 'Del',
      space: 'Space',
    },
    groups: { go: 'Go to', mail: 'Mail', list: 'In the list', compose: 'When writing', window: 'Window' },
  },
  account: {
    menu: 'Account of {name}',
    logOut: 'Log out',
    logOutFailed: 'Could not log out at the server',
    notSaved: 'Not logged out: what you write could not be saved',
    loggingOut: 'Logging out',
    savingFirst: 'Saving what you write, then logging out',
    logOutAnyway: 'Log out all the same',
    settings: 'Settings',
    shortcuts: 'Keyboard shortcuts',
  },
  quit: {
    ask: 'Quit without what you were writing?',
    what: 'It could not be saved yet, and is in this window only. As long as Quintet is open it can still be saved.',
    anyway: 'Quit all the same',
  },
  demo: {
    whole: 'This is the demonstration group.',
    split: 'The demonstration group is split: servers 1 and 2 here, 3, 4 and 5 apart.',
    doSplit: 'Split it',
    doHeal: 'Heal it',
  },
} as const
