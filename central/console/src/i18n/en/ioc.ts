/** The nine components, in English. */
export default {
  title: 'Nine components',
}
