/** Replaces a method of a class by one that may call the right one. */
export const replaceMethod = <Self extends object, Name extends keyof Self>(
  prototype: Self,
  name: Name,
  make: (right: Self[Name]) => Self[Name],
): void => {
  prototype[name] = make(prototype[name])
}
