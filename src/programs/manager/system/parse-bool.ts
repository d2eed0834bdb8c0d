/** As Go's `strconv.ParseBool`, by which OSCAR's clients write it; anything else is false. */
export const parseBool = (text: string | null): boolean => /^(?:1|t|T|TRUE|true|True)$/.test(text ?? '');
