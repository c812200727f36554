/** Where the five seats stand in a mark of 20 by 20, as on a die. */
export const seatPlaces: readonly { readonly server: number; readonly x: number; readonly y: number }[] = [
  { server: 1, x: 4, y: 4 },
  { server: 2, x: 16, y: 4 },
  { server: 3, x: 10, y: 10 },
  { server: 4, x: 4, y: 16 },
  { server: 5, x: 16, y: 16 },
]
