/** The nine components, their indicators and records. */
export default {
  title: 'Chín hợp phần',
}
