/** Text as it may stand in an element or an attribute of HTML or SVG. */
export const escapeMarkup = (text: string): string => visible(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`)

/** Text that is shortened in the middle of nowhere: at most `length` characters, the last one an ellipsis. */
export const shortened = (text: string, length: number): string => visible(text.length > length ? `${text.slice(0, length - 1)}…` : text)

/** Control characters, and those that turn the direction of text, become '\ufffd'. */
const visible = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
