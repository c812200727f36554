export const mail = {
  folders: {
    inbox: 'Inbox',
    starred: 'Starred',
    sent: 'Sent',
    drafts: 'Drafts',
    outbox: 'Outbox',
    trash: 'Trash',
  },
} as const
