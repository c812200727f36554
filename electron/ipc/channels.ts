/** The only channels between the window and the program: two for requests, two for events. */
export const channels = {
  client: 'quintet:client',
  host: 'quintet:host',
  clientEvents: 'quintet:client-events',
  appEvents: 'quintet:app-events',
} as const
