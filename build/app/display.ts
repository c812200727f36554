/** Why no window can be shown here; null when one can. */
export const noDisplay = (): string | null => {
  const { DISPLAY = '', WAYLAND_DISPLAY = '' } = process.env
  if (process.platform !== 'linux' || DISPLAY !== '' || WAYLAND_DISPLAY !== '') return null
  return 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)'
}
